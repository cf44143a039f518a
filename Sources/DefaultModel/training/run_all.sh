#!/bin/sh
# Reproduces model.gguf, head.gguf and every figure of MODEL_CARD.md from nothing.
# Usage: training/run_all.sh WORK_FOLDER
# Needs Python 3.11 or later with requirements.txt, and a C++ compiler for torch.compile.
# One thread runs the shipped model's stages in about two hours; the ablation at the end can run beside them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/shipped"
cd "$1"
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
stage() { python3 "$here/train.py" "$@"; }

stage corpus --out corpus.npz --sequences 450000 --seed 1
stage supervised --corpus corpus.npz --out supervised.pt --tokens 22e6 --rate 4e-3 --seed 1

stage rollouts --policy supervised.pt --out supervised-train.npz --tasks 1500 --each 16 --seed 11 --others 0.03
for loss in spr spr-warm spr-plain bce pairwise; do
    stage head --rollouts supervised-train.npz --out "supervised-$loss.head.pt" --loss "$loss"
done
stage rollouts --policy supervised.pt --out supervised-test.npz --tasks 1000 --each 32 --seed 12 --test
stage judge --rollouts supervised-test.npz --head supervised-spr.head.pt

stage joint --policy supervised.pt --head supervised-spr.head.pt --corpus corpus.npz --out joint.pt \
    --iterations 20 --gradient 0.5 --rate 2e-4 --backbone-share 0.1 --seed 21
stage rollouts --policy joint.pt --out joint-test.npz --tasks 1000 --each 32 --seed 12 --test
stage judge --rollouts joint-test.npz --head joint.head.pt
stage rollouts --policy joint.pt --out joint-unseen.npz --tasks 250 --each 8 --seed 16 --test --unseen-wording
stage rollouts --policy joint.pt --out joint-other.npz --tasks 300 --each 4 --seed 17 --test --others 1.0

python3 "$here/export.py" --policy joint.pt --head joint.head.pt --out shipped --type F16

# Ablation: the same policy, early in training, taught never to say whether a play got there.
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
