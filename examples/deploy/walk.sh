#!/usr/bin/env bash
# From a device to a served network, in under two minutes on two cores. Run it in an empty folder:
#   pip install -c constraints.txt '.[export]' && mkdir walk && cd walk && bash ../examples/deploy/walk.sh 20ms
# The argument is the time that one image may take on this machine. More calibration options may follow it.
set -euo pipefail
budget=${1:-20ms}
here=$(cd "$(dirname "$0")" && pwd)

# 1. What do the blocks of the space take here? (one thread of onnxruntime, half a minute; refused if too noisy)
nascli latency calibrate --space efficientnet --runtime onnxruntime -o device.json "${@:2}"

# 2. The best network within that time, by the space's predictor; its finalists are measured at the end.
nascli search --space efficientnet --budget "$budget-latency@device.json" --trials 400 --out best

# 3. A file for the runtime, and one for people. Both are opened again and compared. Its weights are drawn, not trained:
#    train best.json with nas.compiler.compile_graph, and give --weights trained.safetensors here.
nascli export best --to onnx,code -o served

# 4. The exported file beside B0, in turns.
nascli bench served/*.onnx b0 --runtime onnxruntime --seconds 5

# 5. A page to send.
nascli report best -o report.html

# 6. Serve it, ask it once, and stop.
python "$here/serve.py" served/*.onnx --port 8901 &
server=$!
trap 'kill $server' EXIT
python "$here/ask.py" http://127.0.0.1:8901
