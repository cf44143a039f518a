#!/bin/sh
# Makes model.gguf, head.gguf and the figures of MODEL_CARD.md in WORK_FOLDER/shipped and WORK_FOLDER/figures.txt.
# Usage: training/run_all.sh WORK_FOLDER [START.gguf]
# With a start, an earlier model.gguf, the supervised stage is short; without one the policy starts from nothing.
# Needs Python 3.11 or later with requirements.txt, and a C++ compiler for torch.compile.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
start=${2:+$(realpath "$2")}
mkdir -p "$1/shipped"
cd "$1"
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
python=${PYTHON:-python3}
stage() { "$python" "$here/train.py" "$@"; }
sample() { stage rollouts --policy "$1.pt" --out "$1-$2.npz" --setting "$3" --tasks "$4" --each "$5" --seed "$6"; }
judge() { stage rollouts --policy shipped.pt --out "test-$1.npz" --setting "$1" --tasks "$2" --each "$3" --seed "$4" --test; }

if [ -n "$start" ]; then
    stage corpus --out corpus.npz --sequences 45000 --seed 1
    stage supervised --corpus corpus.npz --out supervised.pt --start "$start" --tokens 3.5e6 --rate 2e-3 --seed 1
else
    stage corpus --out corpus.npz --sequences 200000 --seed 1
    stage supervised --corpus corpus.npz --out supervised.pt --tokens 22e6 --rate 4e-3 --seed 1
fi

# Everything up to the choice is decided on puzzles of the training split, drawn afresh.
sample supervised train mixed 700 16 11
sample supervised choice usual 250 32 15 &
beside=$!
for loss in spr spr-warm spr-plain bce pairwise; do
    stage head --rollouts supervised-train.npz --out "supervised-$loss.head.pt" --loss "$loss"
done
cp supervised-spr.head.pt supervised.head.pt
stage joint --policy supervised.pt --head supervised.head.pt --corpus corpus.npz --out joint.pt \
    --iterations 8 --gradient 0.5 --rate 2e-4 --backbone-share 0.1 --seed 21
sample joint choice usual 250 32 15
wait "$beside"
{
    for loss in spr spr-warm spr-plain bce pairwise; do
        echo "Supervised policy, loss $loss, on the puzzles of the choice:"
        stage judge --rollouts supervised-choice.npz --head "supervised-$loss.head.pt"
    done
    stage choose --policies supervised.pt joint.pt --rollouts supervised-choice.npz joint-choice.npz --out shipped.pt
} > choice.txt

# The held-out puzzles see the shipped model only.
(
    judge unseen 250 8 16
    judge unseen-other 250 8 18
    judge system 250 8 19
    judge history 250 8 20
    judge other 500 4 17
    judge other-history 250 4 22
    judge other-unseen 0 16 23
) > settings.txt &
beside=$!
judge usual 1000 32 12
wait "$beside"
{
    stage judge --rollouts test-usual.npz --head shipped.head.pt --out figures.json
    cat settings.txt choice.txt
} > figures.txt
"$python" "$here/export.py" --policy shipped.pt --head shipped.head.pt --out shipped --type F16

# What scores are worth is learnt from fresh puzzles of the training split; the held-out ones only judge it.
picks() {
    "$python" "$here/calibrate.py" sample --model shipped/model.gguf --head shipped/head.gguf --out "picks-$1.npz" \
        --tasks "$2" --seed "$3" ${4:-}
}
for seed in 41 42 43 46 47; do picks "train-$seed" 100 "$seed"; done
picks test 400 42 --test
{
    "$python" "$here/calibrate.py" fit --picks picks-train-*.npz --test picks-test.npz --head shipped/head.gguf
    "$python" "$here/calibrate.py" judge --head shipped/head.gguf \
        --rollouts test-usual.npz test-unseen.npz test-system.npz test-history.npz test-unseen-other.npz
    "$python" "$here/effort.py" --picks picks-test.npz --head shipped/head.gguf
} >> figures.txt
cat figures.txt
