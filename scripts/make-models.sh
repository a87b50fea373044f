#!/usr/bin/env bash
# Makes the shipped models anew, from nothing: models/base and models/orm. About an hour on 2 free cores.
# Every command resumes where it was stopped. Results differ a little from machine to machine: training is limited by minutes.
set -euo pipefail
webrl=(node dist/cli/main.js)
work=runs/models
mkdir -p "$work"
npm run build
"${webrl[@]}" model demos --out $work/demos.jsonl --episodes 1002 --parallel 6
"${webrl[@]}" model pretrain --demos $work/demos.jsonl --out $work/pretrained \
  --minutes 12 --drills 5 --renamed 8 --covered 0.5 --few 2 --seed 4 --learning-rate 0.0015
"${webrl[@]}" model sft --demos $work/demos.jsonl --base $work/pretrained --out models/base \
  --minutes 1.5 --covered 0.5 --few 2 --learning-rate 0.0002
"${webrl[@]}" model demos --out $work/negatives.jsonl --episodes 240 --fail-rate 0.85 --seed 1 --parallel 6
"${webrl[@]}" model rollouts --model models/base --out $work/rollouts.jsonl --episodes 700 --parallel 6
"${webrl[@]}" model orm --rollouts $work/demos.jsonl --rollouts $work/negatives.jsonl --rollouts $work/rollouts.jsonl \
  --base models/base --out models/orm
