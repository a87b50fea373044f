/** @file Makes the parts of a run from a configuration: suite, site, engine, judge, proposer, demonstrations. */

import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Judge, Proposer } from "../core/contracts.ts";
import type { ChatModel } from "../core/chat.ts";
import { ConfigError } from "../core/errors.ts";
import type { Engine, FrozenModel } from "../core/engine.ts";
import type { Split } from "../core/task.ts";
import { heldOutInstructions } from "../curriculum/catalog.ts";
import { createEvolveProposer } from "../curriculum/evolve.ts";
import { createFeasibilityJudge, createLlmProposer } from "../curriculum/llm.ts";
import { createOnnxEngine } from "../engine/onnx/engine.ts";
import type { LlmConfig } from "../chat/config.ts";
import { promptTokensOf } from "../chat/config.ts";
import { createMeter } from "../chat/meter.ts";
import { isServerName } from "../chat/server-name.ts";
import { createOrm } from "../reward/orm.ts";
import { createPromptedJudge } from "../reward/prompted-judge.ts";
import { guardEach } from "../safety/episode-gate.ts";
import { loadSuite } from "../tasks/load-suite.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import type { Suite } from "../tasks/suite.ts";
import { browserOf, describeBrowser, isSameBrowser } from "../rollout/same-browser.ts";
import { restrictSuite } from "../tasks/restrict-suite.ts";
import type { TrainConfig } from "../run/config.ts";
import { drawnFromTrain } from "../run/check-consistency.ts";
import { methodParts, SHIPPED_DEMONSTRATIONS } from "../run/config.ts";
import { END_OF_ACTION } from "../text/prompt-tokens.ts";
import { isPointer } from "../engine/tinker/client/pointer.ts";
import { followServers } from "./open-engine.ts";
import { openRunServers } from "./run-servers.ts";
import type { OpenChatOptions } from "./open-chat.ts";
import { namesServer, openChat, patientChat } from "./open-chat.ts";
import { openLocalChat, refuseBudget } from "./open-local-chat.ts";
import { assertAgentDirectory, readExperience } from "./agent-experience.ts";
import type { Parts } from "./parts.ts";
import { chooseTemplates, observationFormat } from "./prompt-template.ts";
import { onSitesOf, readEpisodes } from "../imitation/demonstrations.ts";
import { refuseHeldOut } from "../imitation/held-out.ts";
import { modelTemplate } from "../imitation/prompt-template.ts";
import { packageDirectory } from "../run/run-info.ts";

export interface OpenParts extends Parts, AsyncDisposable {}

/** Options that are not part of the run, so that each command line can choose them. */
export interface OpenPartsOptions {
  /** Default: the embedded engine on all cores. */
  engine?: Engine;
  /**
   * Called with what a person should know about models' servers: that one is waited for, what it does not accept, how
   * it computes.
   */
  onTrouble?: (message: string) => void;
  /** Aborts waiting for them. */
  signal?: AbortSignal;
}

/**
 * Replaces the paths of shipped models by their real ones, and `auto` by the template that a model reads. Throws a
 * `ConfigError` that says what to do if something is missing or does not fit.
 */
export async function resolveModels(config: TrainConfig): Promise<TrainConfig> {
  const { trains } = methodParts(config);
  const { models } = config;
  for (const directory of config.experience) await assertAgentDirectory(directory);
  return chooseTemplates({
    ...config,
    models: {
      ...models,
      base: modelPath(models.base, "models.base"),
      orm:
        trains && models.judge === "orm" && !isServerName(models.orm)
          ? modelPath(models.orm, "models.orm")
          : models.orm,
      demonstrations:
        models.demonstrations === null || !trains
          ? models.demonstrations
          : (findShipped(models.demonstrations) ?? missingDemonstrations(models.demonstrations)),
    },
  });
}

/** A path as given, or inside this package. */
function findShipped(path: string): string | null {
  if (existsSync(path)) return path;
  const inside = join(packageDirectory, path);
  return !isAbsolute(path) && existsSync(inside) ? inside : null;
}

const MAKE_BASE =
  "`webrl model demos`, then `webrl model pretrain` and `webrl model sft` (scripts/make-models.sh of the repository has the commands)";
const MAKE_ORM = "`webrl model rollouts`, then `webrl model orm --out models/orm`";

/**
 * The directory of a model: as given, or a shipped one inside this package. `from`: the option or setting that names
 * it, for the message if there is none.
 */
export function modelPath(path: string, from: string): string {
  if (isServerName(path.trim()))
    throw new ConfigError(
      `${from} needs the weights of a model, but ${JSON.stringify(path)} is on a server`,
      "Name the directory of a model. A model on a server can be scored (`webrl eval`), play (`webrl model demos`, `webrl model rollouts`), judge and propose tasks (llm.model).",
    );
  const found = modelDirectory(path);
  if (found !== null) return found;
  const isOfHub = /^[\w.-]+\/[\w.-]+(@[\w./-]+)?$/.test(path) && !existsSync(path.split("/")[0]!);
  throw new ConfigError(
    `${from} names no model: ${JSON.stringify(path)} is not a directory with a config.json or adapter_config.json`,
    `Name the directory of a model in Hugging Face's layout or of an adapter in PEFT's, such as models/base, or make one: ${from === "models.orm" ? MAKE_ORM : MAKE_BASE}.${isOfHub ? ` A model of the hub is brought by \`webrl model import ${path} --out DIR\`, with --without-weights if a server has them.` : ""}`,
  );
}

/** The directory of a model or an adapter, as {@link modelPath} finds it; `null` if the name is not one. */
export function modelDirectory(name: string): string | null {
  const found = name.trim() === "" ? null : findShipped(name);
  const holds = (file: string) => found !== null && existsSync(join(found, file));
  return holds("config.json") || holds("adapter_config.json") ? found : null;
}

function missingDemonstrations(path: string): never {
  throw new ConfigError(
    `there are no demonstrations at ${path} (models.demonstrations)`,
    "`webrl model sft` stores some with the model it makes; set models.demonstrations=null to go without.",
  );
}

/** The shipped demonstrations may have other sites than the run; a file that the user named may not. */
export async function readFirstReplay(
  config: TrainConfig,
  suite: Pick<Suite, "tasks">,
): Promise<EpisodeRecord[]> {
  const { models } = config;
  const format = observationFormat(config);
  const file = models.demonstrations;
  if (file === null) return [];
  const onSites = onSitesOf(suite.tasks({ split: "train" }), await readEpisodes(file));
  const records = onSites.filter(({ trajectory: { steps } }) =>
    steps.every(({ observation }) => observation.format === format),
  );
  const other = onSites.find((record) => !records.includes(record))?.trajectory.steps[0]?.observation.format;
  if (other !== undefined && file !== findShipped(SHIPPED_DEMONSTRATIONS))
    throw new ConfigError(
      `the demonstrations in ${file} show pages in the format ${other}, the run's pages come in the format ${format}`,
      "Set models.demonstrations=null, or observation.format to that of the demonstrations.",
    );
  const elsewhere = records.find((record) => !isSameBrowser(browserOf(record), config.browser));
  if (elsewhere !== undefined && file !== findShipped(SHIPPED_DEMONSTRATIONS))
    throw new ConfigError(
      `the demonstrations in ${file} are of pages in ${describeBrowser(browserOf(elsewhere))}, the run's pages are shown in ${describeBrowser(config.browser)} (browser)`,
      "Set models.demonstrations=null, or browser.width, height, locale and timezone to those of the demonstrations.",
    );
  if (elsewhere !== undefined) return [];
  if (records.length === 0 && file !== findShipped(SHIPPED_DEMONSTRATIONS))
    throw new ConfigError(
      `none of the demonstrations in ${file} is on a site of the run's training tasks`,
      "Name demonstrations of these sites, or set models.demonstrations=null.",
    );
  refuseHeldOut(records, `${file} (models.demonstrations)`);
  return records;
}

/**
 * Opens what a configuration names: suite, engine, judge, proposer, demonstrations. Options replace a part by one of
 * yours. Dispose of what it returns. Throws a `ConfigError` for what cannot be opened.
 */
export async function openParts(config: TrainConfig, options: OpenPartsOptions = {}): Promise<OpenParts> {
  const { models, suite: suiteConfig } = config;
  const method = methodParts(config);
  const meter = createMeter(config.llm.budget);
  const needsChat =
    method.trains &&
    (models.judge === "llm" || (method.tasks === "evolved" && config.curriculum.proposer === "llm"));
  await using stack = new AsyncStack();
  const servers = options.engine === undefined ? await openRunServers(config, options) : null;
  if (servers) for (const { engine } of servers.all) stack.use(engine);
  // A reward model and a chat model are opened where they live, whoever trains.
  const here =
    options.engine ?? stack.use(followServers(createOnnxEngine, { ...options, known: servers?.all ?? [] }));
  const engine = servers?.actor.engine ?? here;
  const directory = needsChat ? modelDirectory(config.llm.model) : null;
  if (directory !== null) refuseBudget(config.llm, "llm.model");
  const local =
    directory === null ? null : stack.use(await openLocalChat(here, directory, config.llm, "llm.model"));
  const behindServer = (llm: LlmConfig, more: Omit<OpenChatOptions, "meter" | "onWarning"> = {}) =>
    patientChat(openChat(llm, { ...more, meter, onWarning: options.onTrouble }), {
      limitMinutes: config.rollout.siteDownMinutes,
      onWait: options.onTrouble,
      signal: options.signal,
    });
  const chat = local?.chat ?? (needsChat || namesServer(config.llm) ? behindServer(config.llm) : null);
  const suite = await loadSuite(suiteConfig.name, suiteConfig.file ?? undefined, { judge: chat });
  if (suite.incomplete !== undefined) options.onTrouble?.(suite.incomplete);
  const chosen = restrictSuite(suite, suiteConfig);
  checkSplits(config, chosen);
  const short = shortPhases(config, chosen);
  if (short !== null) options.onTrouble?.(short);
  const proposer = openProposer(config, chosen, chat);
  const demonstrations = method.trains ? await readFirstReplay(config, chosen) : [];

  const site = stack.use(
    await suite.createSite({
      format: observationFormat(config),
      browser: { ...config.browser, onTrouble: options.onTrouble },
      guard: guardEach(config.safety),
    }),
  );
  let judge: Judge | null = null;
  let isJudgeElsewhere = false;
  if (method.trains && models.judge === "orm" && isServerName(models.orm)) {
    isJudgeElsewhere = true;
    if (needsChat && local === null && config.llm.budget.cost !== null)
      throw new ConfigError(
        "llm.budget.cost needs the price of every model, and llm.price is one: models.orm and llm.model are two models",
        "Limit requests or tokens in its place (llm.budget).",
      );
    const released = behindServer(
      { ...config.llm, model: models.orm },
      { from: "models.orm", completeUntil: [END_OF_ACTION] },
    );
    judge = createPromptedJudge(released, {
      maxPromptTokens: promptTokensOf(config.llm),
      isReleasedOrm: true,
    });
  } else if (method.trains && models.judge === "orm") {
    isJudgeElsewhere = await isPointer(models.orm);
    judge = lazyOrm(here, models, stack);
  }
  if (chat && models.judge === "llm") {
    isJudgeElsewhere = local === null;
    judge = createPromptedJudge(chat, { maxPromptTokens: local?.promptTokens ?? promptTokensOf(config.llm) });
  }
  const held = stack.move();
  return {
    engine,
    ...(servers && { criticEngine: servers.critic.engine, probe: servers.report }),
    site,
    suite: chosen,
    catalog: { tasks: ({ split }) => suite.tasks({ split }) },
    judge,
    elsewhere: { judge: isJudgeElsewhere, actor: servers !== null },
    proposer,
    meter,
    ...(chat &&
      config.curriculum.proposer === "llm" && { feasible: createFeasibilityJudge(chat, suite.descriptions) }),
    demonstrations,
    ...(config.experience.length > 0 && {
      experience: () => readExperience(config, chosen, heldOutInstructions(suite), options.onTrouble),
    }),
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  };
}

/** The ORM is opened when the first trajectories are judged: an evaluation alone needs none. */
function lazyOrm(
  engine: Engine,
  { orm: path, ormTemplate, threshold }: Pick<TrainConfig["models"], "orm" | "ormTemplate" | "threshold">,
  stack: AsyncStack,
): Judge {
  let opened: Promise<{ model: FrozenModel; judge: Judge }> | undefined;
  const open = async () => {
    const model = await engine.open({ path });
    // A run of an earlier version does not say what its reward model reads.
    const template = await modelTemplate(path, ormTemplate, model.tokenizer);
    return { model, judge: createOrm(model, { threshold, template }) };
  };
  stack.use({
    [Symbol.asyncDispose]: async () => {
      if (opened) await (await opened).model[Symbol.asyncDispose]();
    },
  });
  return {
    name: "orm",
    judge: async (trajectories, options) => {
      opened ??= open();
      return (await opened).judge.judge(trajectories, options);
    },
  };
}

function openProposer(config: TrainConfig, suite: Suite, chat: ChatModel | null): Proposer {
  if (config.curriculum.proposer === "llm" && chat) return createLlmProposer(chat, suite.descriptions);
  if (suite.catalog) return createEvolveProposer(suite.catalog);
  if (methodParts(config).tasks === "given" || config.phases === 0)
    return { name: "none", propose: () => Promise.resolve([]) };
  throw new ConfigError(
    `the suite ${suite.name} has no templates that tasks could be evolved from`,
    'Set curriculum.proposer to "llm", or leave the curriculum out with without=["curriculum"].',
  );
}

/** Checked before anything runs: without tasks to train or score on, the run would end in the middle. */
function checkSplits(config: TrainConfig, tasks: Suite): void {
  const lacks = (split: Split) => tasks.tasks({ split }).length === 0;
  const { sites, templates } = config.suite;
  const part = [
    ...(sites.length > 0 ? [`on ${sites.join(", ")}`] : []),
    ...(templates.length > 0 ? [`of ${templates.join(", ")}`] : []),
  ];
  const which = `the suite ${tasks.name} has${part.map((each) => `, ${each}`).join("")}${part.length > 0 ? "," : ""}`;
  if (methodParts(config).trains && config.phases > 0 && lacks("train"))
    throw new ConfigError(
      `${which} no task to train on: none is in the train split`,
      tasks.howToTrain ?? "Choose another suite, give tasks the train split, or only score with phases=0.",
    );
  if (lacks(config.evaluation.split))
    throw new ConfigError(
      `${which} no task in the ${config.evaluation.split} split, which evaluations are made on`,
      "Choose another evaluation.split or suite.",
    );
}

/** Says where phases have fewer tasks than the settings ask for, because a phase has no task twice. */
function shortPhases(config: TrainConfig, suite: Suite): string | null {
  const there = suite.tasks({ split: "train" }).length;
  const short = drawnFromTrain(config).filter(([, count]) => there < count);
  return short.length === 0
    ? null
    : `${short.map(([key, count]) => `${key} is ${count}`).join(" and ")}, but there are ${there} tasks to draw from, and a phase has no task twice: it has ${there} (tasks.attempts tries each more often)`;
}

/** What Node 20 lacks of `AsyncDisposableStack`. Delete with Node 20. */
class AsyncStack implements AsyncDisposable {
  #held: AsyncDisposable[] = [];

  use<T extends AsyncDisposable>(resource: T): T {
    this.#held.push(resource);
    return resource;
  }

  move(): AsyncStack {
    const moved = new AsyncStack();
    moved.#held = this.#held;
    this.#held = [];
    return moved;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const resource of this.#held.reverse()) await resource[Symbol.asyncDispose]();
    this.#held = [];
  }
}
