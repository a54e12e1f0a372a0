import { ComposeText } from './text';
import { isTreeMap, type Tree, type TreeMap } from './tree';
import { bracesHint, shape } from './yaml';

const TEXTS = new Set(
  `image container_name hostname user restart stop_grace_period stop_signal network_mode platform working_dir pull_policy
  build.context build.dockerfile build.target healthcheck.interval healthcheck.timeout healthcheck.start_period`.split(
    /\s+/,
  ),
);
const LISTS_OF_TEXTS = new Set(
  'command entrypoint expose profiles extra_hosts tmpfs dns cap_add cap_drop healthcheck.test'.split(' '),
);
const LISTS_OF_MAPPINGS = new Set('ports volumes env_file secrets configs'.split(' '));
const MAPPINGS = new Set('deploy healthcheck logging'.split(' '));

type Tell = (path: string[], text: string) => void;

/** Tells what has another form than Compose takes, so that nothing is left out without a word. */
export function tellShapes(service: TreeMap, tell: Tell): void {
  look(service, [], tell);
}

function look(tree: TreeMap, path: string[], tell: Tell): void {
  for (const [key, value] of tree) {
    if (value === null) continue;
    const here = [...path, key];
    const place = here.join('.');
    if (TEXTS.has(place)) expectText(value, here, tell);
    else if (LISTS_OF_TEXTS.has(place) || LISTS_OF_MAPPINGS.has(place)) expectList(value, here, tell);
    else if (MAPPINGS.has(place) && !isTreeMap(value)) tell(here, `expected a mapping, seen ${shape(value)}`);
    if (isTreeMap(value) && path.length === 0) look(value, here, tell);
  }
}

function expectText(value: Tree, path: string[], tell: Tell): void {
  if (!(value instanceof ComposeText)) tell(path, `expected a text, seen ${shape(value)}${bracesHint(value)}`);
}

function expectList(value: Tree, path: string[], tell: Tell): void {
  if (value instanceof ComposeText) return;
  if (!Array.isArray(value)) return tell(path, `expected a list, seen ${shape(value)}${bracesHint(value)}`);
  const isOfTexts = LISTS_OF_TEXTS.has(path.join('.'));
  for (const [index, one] of value.entries()) {
    const isRight = isOfTexts ? one instanceof ComposeText : isTreeMap(one);
    if (!isRight)
      tell(
        [...path, String(index)],
        `expected ${isOfTexts ? 'a text' : 'a text or a mapping'}, seen ${shape(one)}${bracesHint(one)}`,
      );
  }
}
