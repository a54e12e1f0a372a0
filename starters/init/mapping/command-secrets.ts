import { isSecretName } from '../../../domain/containers/secret-looks';
import { isLogin, showsSecret } from '../compose/secret-signs';

/** Options after which these programs want a password, where others want a port or a name. */
const OF_PROGRAMS: [program: RegExp, option: string][] = [
  [
    /\b(mongo(sh|dump|restore|export|import)?|sshpass|smbclient|helm|rabbitmqadmin|influx|arangosh|cypher-shell)\b/,
    'p',
  ],
  [/\b(docker|podman) login\b/, 'p'],
  [/\b(redis|valkey|keydb)-cli\b/, 'a'],
  [/\bldap(search|add|modify|delete|passwd|whoami)\b/, 'w'],
  [/\b(sqlcmd|bcp|tsql)\b/, 'P'],
];
/** The password stands behind `-p` without a blank. */
const ATTACHED = /\b(mysql|mariadb|sshpass)/;
const PASSWORD_NAME = /(^|[._-]|require|user|db)(pass|passwd|pw)$|pwd$|^masterauth$/i;
/** What stands behind it in a request is a secret. */
const HEADER =
  /((?<![\w-])(?:(?:proxy-)?authorization:\s*|[\w-]*(?:api-?key|token|secret|password):\s+)(?:(?:bearer|basic|token)\s+)?)(?![$"'])[^\s"';|]+/gi;
const PORTS = /^(?!\d{6,}$)[\d.:/-]+(tcp|udp)?$/;

/** What a whole command says about its options. */
export interface CommandSigns {
  /** Options after which its programs want a password. */
  options: string[];
  isAttached: boolean;
  hasUser: boolean;
  isOfHttp: boolean;
}

export function signsOf(line: string): CommandSigns {
  return {
    options: OF_PROGRAMS.filter(([program]) => program.test(line)).map(([, option]) => option),
    isAttached: ATTACHED.test(line),
    hasUser: /(^|\s)(-u|-U|--user(name)?|--login)[\s=]/.test(line),
    isOfHttp: /\b(curl|wget|https?)\b/.test(line),
  };
}

/**
 * A word of a command, or all of it for a shell, with names such as `${PASSWORD}` in place of secrets.
 * @param before the word in front of it
 */
export function withoutSecrets(text: string, before: string, signs: CommandSigns): string {
  const [, option] = /^--?([A-Za-z][\w.-]*)$/.exec(before) ?? [];
  if (option !== undefined && /^[^-$]/.test(text) && isSecretOption(option, text, signs)) return '${PASSWORD}';
  const attached = signs.isAttached ? text.replace(/(^|\s)-p(?![-=$\s])[^\s;&|"']+/g, '$1-p${PASSWORD}') : text;
  return attached
    .replace(/(:\/\/[^/\s:@]*:)(?![$]|\d+(?:[/?#,;]|$))[^\s@]{1,200}(?=@)/g, '$1${PASSWORD}')
    .replace(
      /((?:^|[\s"'])--?([A-Za-z][\w.-]*)[= ]+["']?)((?![-$])[^\s;&|"']+)/g,
      (all, start: string, name: string, value: string) =>
        isSecretOption(name, value, signs) ? `${start}\${PASSWORD}` : all,
    )
    .replace(/(?<![\w.-])([\w.-]+)(=["']?)((?![$"'])[^\s;&|"']+)/g, (all, name: string, sign: string, value: string) =>
      isPassword(name, value) ? `${name}${sign}\${PASSWORD}` : all,
    )
    .replace(HEADER, '$1${TOKEN}')
    .replace(/([?&;#](?:[\w.-]*[_.-])?(?:key|token|auth|sig|signature)=)(?!\$)[^\s;&|"']+/gi, '$1${TOKEN}')
    .replace(/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/g, '${TOKEN}')
    .replace(/((?:^|[\s"'|;])(?:[\w.-]+=)?)([^\s"'|;$]+)(?![^\s"'|;])/g, (all, start: string, word: string) =>
      showsSecret(word) ? `${start}\${TOKEN}` : all,
    );
}

function isPassword(name: string, value: string): boolean {
  return isSecretName(name) || (PASSWORD_NAME.test(name) && !/^[/.]/.test(value));
}

function isSecretOption(name: string, value: string, { options, hasUser, isOfHttp }: CommandSigns): boolean {
  if (isPassword(name, value)) return true;
  if (name === 'p' && PORTS.test(value)) return false;
  if (options.includes(name)) return true;
  // Most programs mean a port, a project or the like by `-p`.
  if (name === 'p') return hasUser || /^(?=.*[A-Za-z])(?=.*[\d!#%^*@&])[\w!#%^*@&]{7,}$/.test(value);
  // `-u 1000:1000` and `-u app:staff` name a user of the machine.
  if (name === 'u' || name === 'user') return isLoginOfUser(value, isOfHttp);
  return isLogin(name, value);
}

function isLoginOfUser(value: string, isOfHttp: boolean): boolean {
  const [, password] = /^[^\s:@/]+:([^\s/]+)$/.exec(value) ?? [];
  if (password === undefined || /^\d+$/.test(password)) return false;
  return isOfHttp || /[\d!#%^*]/.test(password);
}
