#!/usr/bin/env bash
# Installs SciPy, with which tests compare the judge's statistics, from PyPI.
# Env: SPILLWAY_CACHE
set -euo pipefail
version=1.15.3
python=$("$(dirname "$0")/python.sh" scipy "$version" "scipy==$version")/bin/python
echo "SciPy $("$python" -c 'import scipy; print(scipy.__version__)'): $python"
