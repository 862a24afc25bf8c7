#!/bin/sh
# Brings a real engine for the tests: tests/cluster/install.sh flink|spark   (from the top of the clone; `make flink` calls it)
# Flink and Spark come from PyPI, Beam's runner and its companions from Maven Central; the sums of all jars are kept beside this file.
# Writes .tools/flink or .tools/spark alone; does nothing where that is done already, but compiles our Java again if it changed.
set -eu
engine=$1
here=tests/cluster
folder=.tools/$engine
case $engine in
flink) jars=pyflink/lib main=FlinkJobs only= ;;
spark)
    jars=pyspark/jars main=SparkJobs
    # An executor has these before Spark's own jars, so that no more of Beam's companions come than must.
    only=beam-model-fn-execution,beam-model-job-management,beam-model-pipeline,beam-runners-core-java
    only=$only,beam-runners-java-fn-execution,beam-runners-spark-3,beam-sdks-java-core,beam-sdks-java-extensions-avro
    only=$only,beam-vendor-grpc-1_69_0,beam-vendor-guava-32_1_2-jre,args4j,byte-buddy,checker-qual,classgraph,joda-time
    only=$only,opentelemetry-api,opentelemetry-context
    ;;
*) echo "install.sh: expected flink or spark; received $engine." >&2; exit 1 ;;
esac
for tool in java javac jar mvn; do
    command -v $tool > /dev/null || {
        echo "make $engine needs a JDK of Java 17 and Maven; there is no $tool. On Debian: apt-get install openjdk-17-jdk-headless maven" >&2
        exit 1
    }
done

if ! [ -d "$folder/lib" ] || ! (cd "$folder" && sha256sum --quiet --check) < "$here/SHA256SUMS.$engine" 2> /dev/null; then
    echo "bringing $engine and Beam's runner into $folder (once)"
    rm -rf "$folder"
    mkdir -p "$folder"
    temporary=$PWD/$folder/temporary
    export UV_CACHE_DIR="$temporary/uv" UV_NO_CONFIG=1
    .tools/uv pip install --quiet --no-deps --require-hashes --build-constraints requirements/build.txt \
        --python .venv/bin/python --target "$temporary/site" -r "$here/$engine.txt"
    mv "$temporary/site/$jars" "$folder/lib"
    [ "$engine" = flink ] || ln -s lib "$folder/jars" # where a Spark home has them
    mvn --quiet --batch-mode -Dstyle.color=never --file "$here/$engine-pom.xml" -Dmaven.repo.local="$temporary/maven" \
        dependency:copy-dependencies -DincludeScope=runtime -DincludeArtifactIds="$only" -DoutputDirectory="$PWD/$folder/beam"
    rm -rf "$temporary"
    (cd "$folder" && sha256sum --quiet --check) < "$here/SHA256SUMS.$engine" || {
        echo "$folder: expected the sums of $here/SHA256SUMS.$engine; received other files, or more are missing." >&2
        exit 1
    }
fi
found=$(find "$folder/lib" "$folder/beam" -name '*.jar' | wc -l)
expected=$(wc -l < "$here/SHA256SUMS.$engine")
[ "$found" = "$expected" ] || {
    echo "$folder: expected the $expected jars of $here/SHA256SUMS.$engine; received $found. Remove the folder and run make $engine again." >&2
    exit 1
}

sources="$(find $here/java/org -name '*.java') $here/java/plumbline/Jobs.java $here/java/plumbline/$main.java $here/java/plumbline/JobServer.java"
stamp=$( (pwd; cat $sources $here/install.sh) | sha256sum)
[ -f "$folder/installed" ] && [ "$(cat "$folder/installed")" = "$stamp" ] && exit 0
rm -rf "$folder/classes" "$folder/installed"
mkdir "$folder/classes"
javac -d "$folder/classes" -cp "$folder/lib/*:$folder/beam/*" $sources
pwd > "$folder/clone"
jar --create --file "$folder/plumbline-job-server.jar" --main-class plumbline.JobServer \
    -C "$folder" clone -C "$folder/classes" plumbline/JobServer.class
echo "$stamp" > "$folder/installed"
