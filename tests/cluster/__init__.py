"""A Flink and a Spark cluster on this machine, and a stand-in for Beam's job service before them.

Flink, Spark and Beam's runners are the real ones. What can't be had where this was made are Beam's fat job-server jars and
`beam-runners-java-job-service`: `job_service.py` stands for those, behind Beam's own protocol, with a JVM (`java/`) that calls the
runner as they do. What pipelines are run by is the stock PortableRunner, FlinkRunner or SparkRunner.
"""
