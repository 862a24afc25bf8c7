package plumbline;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.beam.model.jobmanagement.v1.JobApi;
import org.apache.beam.model.pipeline.v1.RunnerApi;
import org.apache.beam.runners.fnexecution.provisioning.JobInfo;
import org.apache.beam.runners.jobsubmission.PortablePipelineResult;
import org.apache.beam.runners.jobsubmission.PortablePipelineRunner;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.io.FileSystems;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.util.construction.PipelineOptionsTranslation;
import org.apache.beam.vendor.grpc.v1p69p0.com.google.protobuf.Struct;

/**
 * Runs jobs, as the JVM behind tests/cluster/job_service.py.
 *
 * <p>A line of standard input, "run FOLDER", names a folder with pipeline.pb and options.pb, whose name is the job's id;
 * "cancel FOLDER" ends it. A line of standard output answers: the folder, and the state that the job ended in. The folder has
 * metrics.pb then, or after FAILED trace.txt and cause.txt. The end of standard input ends the JVM, whatever runs.
 */
final class Jobs {
  /** A runner of one engine. */
  interface Runner {
    PortablePipelineRunner of(PipelineOptions options) throws Exception;
  }

  private final Runner runner;
  private final PrintStream answers = new PrintStream(System.out, true);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, Future<?>> waiting = new ConcurrentHashMap<>();
  private final Map<String, PortablePipelineResult> results = new ConcurrentHashMap<>();

  Jobs(Runner runner) {
    this.runner = runner;
    System.setOut(System.err); // Nobody else writes among the answers.
  }

  void serve(Path described) throws Exception {
    FileSystems.setDefaultPipelineOptions(PipelineOptionsFactory.create());
    JobApi.DescribePipelineOptionsResponse options =
        JobApi.DescribePipelineOptionsResponse.newBuilder()
            .addAllOptions(PipelineOptionsFactory.describe(PipelineOptionsFactory.getRegisteredOptions()))
            .build();
    Files.write(described, options.toByteArray());
    answers.println("ready");
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = lines.readLine()) != null; ) {
      String folder = line.substring(line.indexOf(' ') + 1);
      if (line.startsWith("run ")) {
        waiting.put(folder, threads.submit(() -> answer(folder)));
      } else {
        cancel(folder);
      }
    }
    Runtime.getRuntime().halt(0);
  }

  private Void answer(String folder) throws IOException {
    String state = run(Path.of(folder));
    answers.println(folder + " " + state);
    return null;
  }

  /** As Beam's own job service does: a runner that waits is interrupted, one that has answered is told. */
  private void cancel(String folder) throws IOException {
    PortablePipelineResult result = results.get(folder);
    if (result != null) {
      result.cancel();
    } else if (waiting.containsKey(folder)) { // Else it is not here yet: who cancels asks again.
      waiting.get(folder).cancel(true);
    }
  }

  private String run(Path folder) throws IOException {
    try {
      RunnerApi.Pipeline pipeline = RunnerApi.Pipeline.parseFrom(Files.readAllBytes(folder.resolve("pipeline.pb")));
      Struct struct = Struct.parseFrom(Files.readAllBytes(folder.resolve("options.pb")));
      PipelineOptions options = PipelineOptionsTranslation.fromProto(struct);
      options.setRunner(null); // A name of Python's that Java does not know: Spark fails of it.
      PortablePipelineRunner portable = runner.of(options);
      String id = folder.getFileName().toString();
      JobInfo info = JobInfo.create(id, options.getJobName(), "", PipelineOptionsTranslation.toProto(options));
      PortablePipelineResult result = portable.run(pipeline, info);
      results.put(folder.toString(), result);
      PipelineResult.State state = result.waitUntilFinish();
      Files.write(folder.resolve("metrics.pb"), result.portableMetrics().toByteArray());
      return state.name();
    } catch (Throwable error) { // Whatever it is, the job's caller is told.
      StringWriter trace = new StringWriter();
      error.printStackTrace(new PrintWriter(trace));
      Files.writeString(folder.resolve("trace.txt"), trace.toString());
      Throwable cause = error;
      while (cause.getCause() != null && cause.getCause() != cause) {
        cause = cause.getCause();
      }
      Files.writeString(folder.resolve("cause.txt"), cause.toString());
      return "FAILED";
    } finally {
      results.remove(folder.toString());
    }
  }
}
