/** Files and folders that HAProxy was started with. */
export function configurationFiles(argv: string[]): string[] {
  return argv.flatMap((word, index) => (word === '-f' && argv[index + 1] ? [argv[index + 1]!.replace(/\/$/, '')] : []));
}

const SUMMARY = /(Error\(s\)|Fatal errors) found in configuration/;

/** What `haproxy -c` complains of, as if it had looked at the real files. */
export function inItsWords(output: string, trial: string, conf: string): string {
  const complaints = output.split('\n').filter((line) => line.includes('[ALERT]') && !SUMMARY.test(line));
  return (complaints.length > 0 ? complaints : output.trim().split('\n').slice(-3))
    .map((line) =>
      line
        .replace(/\[ALERT\]\s+\(\d+\) : (config : )?/, '')
        .replaceAll(trial, conf)
        .trim(),
    )
    .join('; ')
    .replace(/\.$/, '');
}
