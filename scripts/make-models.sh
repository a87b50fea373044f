#!/usr/bin/env bash
# Makes the shipped models anew, from nothing: models/base and models/orm. About two hours on 2 free cores.
# Every command resumes where it was stopped. Results differ a little from machine to machine: training is limited by minutes.
set -euo pipefail
webrl=(node dist/cli/main.js)
work=runs/models
mkdir -p "$work"
npm run build
"${webrl[@]}" model demos --out $work/demos.jsonl --episodes 3000 --parallel 6
"${webrl[@]}" model pretrain --demos $work/demos.jsonl --out $work/stage1 \
  --minutes 36 --hidden 160 --heads 5 --drills 5 --renamed 8 --covered 0.5 --few 2 --learning-rate 0.002
"${webrl[@]}" model pretrain --demos $work/demos.jsonl --base $work/stage1 --out $work/stage2 \
  --minutes 32 --drills 4 --renamed 8 --covered 0.5 --few 6 --seed 1 --learning-rate 0.0012
"${webrl[@]}" model sft --demos $work/demos.jsonl --base $work/stage2 --out models/base \
  --minutes 3 --covered 0.5 --few 6 --learning-rate 0.0003 --keep 400
"${webrl[@]}" model demos --out $work/negatives.jsonl --episodes 240 --fail-rate 0.85 --seed 1 --parallel 6
"${webrl[@]}" model rollouts --model models/base --out $work/rollouts.jsonl --episodes 600 --parallel 6
"${webrl[@]}" model orm --rollouts $work/demos.jsonl --rollouts $work/negatives.jsonl --rollouts $work/rollouts.jsonl \
  --base models/base --out models/orm --drills 3 --epochs 1 --learning-rate 0.0006
