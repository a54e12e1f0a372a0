interface Instruction {
  /** In capital letters: `VOLUME`. */
  name: string;
  rest: string;
}

export interface Stage {
  /** The image that the stage builds on; undefined when there is none. */
  base?: string;
  /** Instructions of the stages that it builds on come first. */
  instructions: Instruction[];
}

const NOTHING: Stage = { instructions: [] };

export function stageOf(text: string, target?: string): Stage {
  const stages = new Map<string, Stage>();
  let stage = NOTHING;
  let name: string | undefined;
  for (const { name: instruction, rest } of instructionsOf(text)) {
    if (instruction === 'FROM') {
      if (name !== undefined && name === target?.toLowerCase()) return stage;
      const [, base = '', as] = /^(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(rest) ?? [];
      stage = stages.get(base.toLowerCase()) ?? { base, instructions: [] };
      name = as?.toLowerCase();
    } else stage = { ...stage, instructions: [...stage.instructions, { name: instruction, rest }] };
    if (name !== undefined) stages.set(name, stage);
  }
  return stage;
}

/** A path with a variable in it is left out: only the built image knows it. */
export function volumesOf({ instructions }: Stage): string[] {
  return instructions
    .filter(({ name }) => name === 'VOLUME')
    .flatMap(({ rest }) => pathsIn(rest.trim()))
    .filter((path) => !path.includes('$'));
}

function pathsIn(rest: string): string[] {
  if (!rest.startsWith('[')) return rest.split(/\s+/).map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));
  try {
    return (JSON.parse(rest) as unknown[]).map(String);
  } catch {
    // The builder says what is wrong with it.
    return [];
  }
}

function instructionsOf(text: string): Instruction[] {
  return text
    .replace(/^\s*#.*$\n?/gm, '')
    .replace(/\\[ \t]*\r?\n/g, ' ')
    .split('\n')
    .map((line) => /^\s*(\w+)\s+([^]*?)\s*$/.exec(line))
    .filter((match) => match !== null)
    .map(([, name, rest]) => ({ name: name!.toUpperCase(), rest: rest! }));
}
