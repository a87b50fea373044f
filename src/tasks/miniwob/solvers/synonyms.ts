/** @file A small thesaurus, for the task whose boxes are labelled with other words of the same meaning. */

const GROUPS = [
  "big large huge enormous gigantic giant",
  "small little tiny mini petite",
  "red crimson scarlet vermillion",
  "happy joyful glad cheerful gleeful delighted",
  "sad unhappy miserable sorrowful tragic",
  "angry furious mad irritated",
  "evil bad wicked immoral sinful corrupt depraved",
  "wrong false incorrect mistaken erroneous",
  "real actual genuine",
  "strange weird odd unusual peculiar",
  "stop end halt finish cease",
  "afraid scared frightened fearful terrified panicked",
  "quiet calm peaceful serene mild",
  "old aged ancient archaic",
  "love adore like favor",
  "kill murder assassinate",
  "keep hold retain preserve sustain maintain",
  "hide conceal camouflage",
  "hate dislike detest loathe despise",
  "funny amusing humorous comical laughable",
  "fat chubby plump fleshy",
  "stupid dumb dull unwise",
  "delicious tasty savory appetizing delectable",
  "cut chop slice carve",
  "brave courageous fearless",
  "begin start launch initiate",
  "answer reply response",
  "tv television",
  "house home",
  "fire flame",
  "pig swine pork",
  "rabbit bunny",
  "car automobile vehicle",
].map((words) => new Set(words.split(" ")));

const singular = (word: string) =>
  word
    .toLowerCase()
    .replace(/^(bunn)ies$/, "$1y")
    .replace(/^(tv|television|house|home|fire|flame|rabbit|car|automobile|vehicle)s$/, "$1");

export function meanTheSame(a: string, b: string): boolean {
  const [one, other] = [singular(a), singular(b)];
  return one === other || GROUPS.some((group) => group.has(one) && group.has(other));
}
