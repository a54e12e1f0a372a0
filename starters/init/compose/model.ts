import type { ComposeText } from './text';

type Mapping = Record<string, unknown>;

/** What a Compose project says, in one form for each thing, however its files say it. */
export interface ComposeProject {
  /** Docker puts it in front of the names of volumes and networks. */
  name: string;
  /** Absolute; holds the first file and `.env`. */
  directory: string;
  /** Absolute, in the order in which they were merged; files of `extends` and `include` are not among them. */
  files: string[];
  /** True when Compose finds the files by itself. */
  isFound: boolean;
  /** Those of profiles that were not asked for are among them. */
  services: ComposeService[];
  volumes: Record<string, ComposeResource>;
  networks: Record<string, ComposeResource>;
  secrets: Record<string, ComposeResource>;
  configs: Record<string, ComposeResource>;
  /** What could not be read as it stands, and what had no value; each must be shown to the user. */
  reasons: ComposeReason[];
}

export interface ComposeReason {
  /** A place in the Compose file, such as `['services', 'web', 'image']`; empty for all of it. */
  path: string[];
  /** It may hold `{items}`, in whose place `items` stand. */
  text: string;
  items?: string[];
}

export interface ComposeResource {
  /** As Docker names it. */
  name: string;
  /** It exists outside the project. */
  external: boolean;
  given: Mapping;
}

/** Lists are empty when the file says nothing. */
export interface ComposeService {
  name: string;
  /** All that the file says, in plain values. Texts that hold a secret show `${NAME}` in its place. */
  given: Mapping;
  image?: ComposeText;
  build?: ComposeBuild;
  /** Those of `env_file` come first; what `environment` says replaces them. */
  environment: ComposeVariable[];
  /** Those that exist were read. */
  envFiles: { path: string; required: boolean; exists: boolean }[];
  /** Words; undefined when the image decides, empty when the file says that there is none. */
  command?: ComposeText[];
  entrypoint?: ComposeText[];
  /** A range is one for each port. */
  ports: ComposePort[];
  expose: { port: number; protocol: string }[];
  mounts: ComposeMount[];
  /** Secrets and configs that are mounted as files. */
  files: { kind: 'secrets' | 'configs'; source: string; target: string }[];
  labels: Record<string, string>;
  deployLabels: Record<string, string>;
  healthcheck?: ComposeHealthcheck;
  dependsOn: { service: string; condition: string; required: boolean }[];
  /** The default network has the name `default`. */
  networks: { name: string; aliases: string[] }[];
  /** `HOST` and its address. */
  extraHosts: [host: string, address: string][];
  /** Those without which it does not run; empty once one of them was asked for. */
  profiles: string[];
}

export interface ComposeBuild {
  /** Absolute, or an address such as `https://github.com/acme/web.git`. */
  context: string;
  dockerfile?: string;
  target?: string;
  args: ComposeVariable[];
  given: Mapping;
}

export interface ComposeVariable {
  name: string;
  /** Undefined when only the name stands there, and nobody gave it a value. */
  value?: ComposeText;
  /** The file that gave the value, absolute, when it came from `env_file`. */
  file?: string;
}

export interface ComposePort {
  target: number;
  /** Absent when Docker chooses one; a range such as `8000-8010` when Docker chooses one of these. */
  published?: number | string;
  /** Absent: every address of the host. */
  address?: string;
  protocol: string;
  /** `host` or `ingress`, if the file says so. */
  mode?: string;
  /** Such as `http`, if the file says so. */
  appProtocol?: string;
}

export interface ComposeMount {
  type: string;
  /** A volume's name in the file, or an absolute path; absent for a volume without a name. */
  source?: string;
  target: string;
  readOnly: boolean;
  /** The source before it was made absolute, such as `./data` or `~/data`. */
  wrote?: string;
  given: Mapping;
}

export interface ComposeHealthcheck {
  /** Such as `['CMD', 'curl', ...]` or `['CMD-SHELL', '...']`; empty when only its times are given. */
  test: string[];
  disabled: boolean;
  given: Mapping;
}
