package org.apache.beam.runners.jobsubmission;

import org.apache.beam.model.jobmanagement.v1.JobApi;
import org.apache.beam.sdk.PipelineResult;

/** What a portable runner answers. Stands for the same name of beam-runners-java-job-service, by what the runners' jars need. */
public interface PortablePipelineResult extends PipelineResult {
  JobApi.MetricResults portableMetrics() throws UnsupportedOperationException;
}
