import { access } from 'node:fs/promises';
import { readEnvFiles, type Environment } from './environment';
import type { ComposeReason, ComposeService, ComposeVariable } from './model';
import { shownPath } from './paths';
import { plain } from './plain';
import { ComposeText } from './text';
import { isTreeMap, type TreeMap } from './tree';

interface EnvFiles {
  files: ComposeService['envFiles'];
  variables: ComposeVariable[];
  reasons: ComposeReason[];
}

/** The variables of the files under `env_file` of a service; the last file counts. */
export async function envFilesOf(name: string, tree: TreeMap, lookup: Environment['lookup']): Promise<EnvFiles> {
  const given = tree.get('env_file');
  const found: EnvFiles = { files: [], variables: [], reasons: [] };
  const variables = new Map<string, ComposeVariable>();
  for (const one of (Array.isArray(given) ? given : []).filter(isTreeMap)) {
    const path = String(plain(one.get('path')));
    const required = plain(one.get('required'), 'required') !== false;
    const exists = await isThere(path);
    found.files.push({ path, required, exists });
    if (!exists && required) {
      const text = `${shownPath(path)} was not there, so its variables are missing; name each in \`env\``;
      found.reasons.push({ path: ['services', name, 'env_file'], text });
    }
    if (!exists) continue;
    const around = under(lookup, variables, tree);
    const isRaw = plain(one.get('format')) === 'raw';
    for (const [key, text] of await readEnvFiles([path], around, isRaw)) {
      const value = new ComposeText([{ text, variable: key, origin: 'file' }]);
      variables.set(key, { name: key, value, file: path });
    }
  }
  return { ...found, variables: [...variables.values()] };
}

/** What such a file may use: first the project's variables, then those of its service. */
function under(
  lookup: Environment['lookup'],
  variables: Map<string, ComposeVariable>,
  tree: TreeMap,
): Environment['lookup'] {
  const own = tree.get('environment');
  return (key) => {
    const beside = isTreeMap(own) ? own.get(key) : undefined;
    const value = beside instanceof ComposeText ? beside : variables.get(key)?.value;
    return lookup(key) ?? (value && { text: value.text, origin: 'file' });
  };
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
