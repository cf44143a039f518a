#!/bin/sh
# The ablation of MODEL_CARD.md: a policy, taken early in training, that is taught never to say whether a play got there.
# Usage: training/ablation.sh WORK_FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
python=${PYTHON:-python3}
stage() { "$python" "$here/train.py" "$@"; }

stage corpus --out corpus.npz --sequences 150000 --seed 1
stage corpus --out plain.npz --sequences 90000 --seed 2 --no-verdict
stage supervised --corpus corpus.npz --out early.pt --tokens 14e6 --rate 4e-3 --seed 1
stage supervised --corpus plain.npz --start early.pt --out plain.pt --tokens 4.5e6 --rate 2e-3 --seed 2
stage rollouts --policy plain.pt --out plain-train.npz --tasks 900 --each 16 --seed 13
stage rollouts --policy plain.pt --out plain-test.npz --tasks 400 --each 32 --seed 14 --test
for loss in bce spr; do
    stage head --rollouts plain-train.npz --out "plain-$loss.head.pt" --loss "$loss" --epochs 20
    stage judge --rollouts plain-test.npz --head "plain-$loss.head.pt"
done
stage joint --policy plain.pt --head plain-bce.head.pt --corpus plain.npz --out plain-joint.pt \
    --iterations 10 --gradient 0 --rate 3e-4 --backbone-share 1.0 --seed 21
stage rollouts --policy plain-joint.pt --out plain-joint-test.npz --tasks 400 --each 32 --seed 14 --test
stage judge --rollouts plain-joint-test.npz --head plain-joint.head.pt
