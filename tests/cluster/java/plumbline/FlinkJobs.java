package plumbline;

import java.nio.file.Path;
import java.util.List;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkPipelineRunner;

/** `FlinkJobs MASTER DESCRIBED`: jobs for a Flink cluster; the options that jobs may have are written to the file DESCRIBED. */
public final class FlinkJobs {
  public static void main(String[] args) throws Exception {
    new Jobs(
            options -> {
              FlinkPipelineOptions flink = options.as(FlinkPipelineOptions.class);
              if (flink.getFlinkMaster().equals(FlinkPipelineOptions.AUTO)) { // Nobody named another.
                flink.setFlinkMaster(args[0]);
              }
              // No folder of configuration; no jar is sent along, because the cluster has the runner on its class path.
              return new FlinkPipelineRunner(flink, null, List.of());
            })
        .serve(Path.of(args[1]));
  }
}
