#!/usr/bin/env bash
# Makes the shipped models anew, from nothing: models/base and models/orm. About three and a half hours on 2 free cores.
# The shipped ones were made at the revisions in their cards, before demonstrations were also made with paraphrased instructions (docs/log.md).
# Every command resumes where it was stopped. Results differ a little from machine to machine: training is limited by minutes.
set -euo pipefail
webrl=(node dist/cli/bin.js)
work=runs/models
mkdir -p "$work"
npm run build
"${webrl[@]}" model demos --out $work/demos.jsonl --episodes 3000 --parallel 6
pretrain() { # name of the stage, then options
  "${webrl[@]}" model pretrain --demos $work/demos.jsonl --out "$work/$1" --renamed 8 --covered 0.5 "${@:2}"
}
pretrain stage1 --minutes 36 --hidden 160 --heads 5 --drills 5 --questions 0 --episodes 0 --few 2 --learning-rate 0.002
pretrain stage2 --base $work/stage1 --minutes 32 --drills 4 --questions 0 --episodes 0 --few 6 --seed 1 --learning-rate 0.0012
pretrain stage3 --base $work/stage2 --minutes 65 --drills 2 --questions 6 --episodes 16 --few 6 --seed 2 --learning-rate 0.0015
pretrain stage4 --base $work/stage3 --minutes 25 --drills 1 --questions 3 --episodes 8 --few 14 --seed 3 --learning-rate 0.001
"${webrl[@]}" model sft --demos $work/demos.jsonl --base $work/stage4 --out models/base \
  --minutes 3 --covered 0.5 --few 14 --learning-rate 0.0003 --keep 400
head -n 1000 $work/demos.jsonl > $work/demos-1000.jsonl
"${webrl[@]}" model demos --out $work/negatives.jsonl --episodes 240 --fail-rate 0.85 --seed 1 --parallel 6
"${webrl[@]}" model rollouts --model models/base --out $work/rollouts.jsonl --episodes 1600 --parallel 6
"${webrl[@]}" model orm --rollouts $work/demos-1000.jsonl --rollouts $work/negatives.jsonl --rollouts $work/rollouts.jsonl \
  --base models/base --out $work/orm --drills 4 --epochs 3 --learning-rate 0.0004
# Again, on rollouts of tasks that the policy solves sometimes (decision 0018), with some of all others.
own() { # name of the file, then options
  "${webrl[@]}" model rollouts --model models/base --out "$work/$1.jsonl" --max-steps 12 --parallel 6 "${@:2}"
}
half_known=store-admin.price-and-cart
for name in add-one brand-cheapest cancel-order cheapest contact message-and-reply open-product order-again restock-and-add \
  return-item return-refused review-stars sign-in-order-status wishlist-add wishlist-to-cart write-review; do
  half_known=$half_known,storefront.$name
done
own half-known --episodes 960 --task-templates "$half_known"
own storefront --episodes 600 --seed 1 --site storefront
for site in forge forum map store-admin; do own "$site" --episodes 130 --seed 5 --site "$site"; done
"${webrl[@]}" model orm $(printf -- "--rollouts $work/%s.jsonl " half-known storefront forge forum map store-admin) \
  --base $work/orm --out models/orm --drills 0 --epochs 3 --held-out 0.1
