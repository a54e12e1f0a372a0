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
  /(\b(?:(?:proxy-)?authorization:\s*|[\w-]*(?:api-?key|token|secret|password):\s+)(?:(?:bearer|basic|token)\s+)?)(?![$"'])[^\s"';|]+/gi;
const PORTS = /^(?!\d{6,}$)[\d.:/-]+(tcp|udp)?$/;

/**
 * A word of a command, or all of it for a shell, with names such as `${PASSWORD}` in place of secrets.
 * @param before the word in front of it
 * @param line the whole command
 */
export function withoutSecrets(text: string, before: string, line: string): string {
  const [, option] = /^--?([A-Za-z][\w.-]*)$/.exec(before) ?? [];
  if (option !== undefined && /^[^-$]/.test(text) && isSecretOption(option, text, line)) return '${PASSWORD}';
  const attached = ATTACHED.test(line) ? text.replace(/(^|\s)-p(?![-=$\s])[^\s;&|"']+/g, '$1-p${PASSWORD}') : text;
  return attached
    .replace(/(:\/\/[^/\s:@]*:)(?![$]|\d+(?:[/?#,;]|$))[^\s@]+(?=@)/g, '$1${PASSWORD}')
    .replace(
      /((?:^|[\s"'])--?([A-Za-z][\w.-]*)[= ]+["']?)((?![-$])[^\s;&|"']+)/g,
      (all, start: string, name: string, value: string) =>
        isSecretOption(name, value, line) ? `${start}\${PASSWORD}` : all,
    )
    .replace(/([\w.-]+)(=["']?)((?![$"'])[^\s;&|"']+)/g, (all, name: string, sign: string, value: string) =>
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

function isSecretOption(name: string, value: string, line: string): boolean {
  if (isPassword(name, value)) return true;
  if (name === 'p' && PORTS.test(value)) return false;
  if (OF_PROGRAMS.some(([program, option]) => option === name && program.test(line))) return true;
  // Most programs mean a port, a project or the like by `-p`.
  if (name === 'p') return hasUser(line) || /^(?=.*[A-Za-z])(?=.*[\d!#%^*@&])[\w!#%^*@&]{7,}$/.test(value);
  // `-u 1000:1000` and `-u app:staff` name a user of the machine.
  if (name === 'u' || name === 'user') return isLoginOfUser(value, line);
  return isLogin(name, value);
}

function hasUser(line: string): boolean {
  return /(^|\s)(-u|-U|--user(name)?|--login)[\s=]/.test(line);
}

function isLoginOfUser(value: string, line: string): boolean {
  const [, password] = /^[^\s:@/]+:([^\s/]+)$/.exec(value) ?? [];
  if (password === undefined || /^\d+$/.test(password)) return false;
  return /[\d!#%^*]/.test(password) || /\b(curl|wget|https?)\b/.test(line);
}
