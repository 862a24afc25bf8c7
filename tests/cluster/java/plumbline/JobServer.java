package plumbline;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A job-server jar for Beam's FlinkRunner and SparkRunner: takes their arguments and starts tests/cluster/job_service.py.
 *
 * <p>The jar's file `clone` has the folder that it was made in: its .venv/bin/python is started, and its sources are read unless
 * PYTHONPATH names others. The job service ends when its standard input does, so it never outlives this process.
 */
public final class JobServer {
  public static void main(String[] args) throws Exception {
    String clone;
    try (var in = new BufferedReader(new InputStreamReader(JobServer.class.getResourceAsStream("/clone"), "UTF-8"))) {
      clone = in.readLine();
    }
    List<String> command =
        new ArrayList<>(List.of(clone + "/.venv/bin/python", "-m", "tests.cluster.job_service", "--until-input-ends"));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command);
    Map<String, String> environment = builder.environment();
    environment.putIfAbsent("PYTHONPATH", clone);
    builder.redirectOutput(ProcessBuilder.Redirect.INHERIT).redirectError(ProcessBuilder.Redirect.INHERIT);
    Process service = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(service::destroy));
    System.exit(service.waitFor());
  }
}
