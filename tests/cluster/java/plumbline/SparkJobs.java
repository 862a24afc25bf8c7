package plumbline;

import java.nio.file.Path;
import java.util.List;
import org.apache.beam.runners.spark.SparkPipelineOptions;
import org.apache.beam.runners.spark.SparkPipelineRunner;

/** `SparkJobs MASTER DESCRIBED`: jobs for a Spark cluster; the options that jobs may have are written to the file DESCRIBED. */
public final class SparkJobs {
  public static void main(String[] args) throws Exception {
    String own = Path.of(SparkJobs.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    new Jobs(
            options -> {
              SparkPipelineOptions spark = options.as(SparkPipelineOptions.class);
              if (spark.getSparkMaster().equals(SparkPipelineOptions.DEFAULT_MASTER_URL)) { // Nobody named another.
                spark.setSparkMaster(args[0]);
              }
              if (spark.getAppName() == null) {
                spark.setAppName(options.getJobName());
              }
              // Executors have all on their class path. An empty list would send each of its 270 jars with each job: 20 s and more.
              spark.setFilesToStage(List.of(own));
              return new SparkPipelineRunner(spark);
            })
        .serve(Path.of(args[1]));
  }
}
