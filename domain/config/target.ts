import { z } from 'zod';
import { trustedProxies } from './proxies';
import { mistake, untilReadable } from './rule';
import { haproxyFolder, nginxFolder, ownFolder, quotedPath } from './router-paths';
import { absolutePath, command, expected, expectedOne, port, secret, size } from './values';

const HOST = expected('unix://PATH, tcp://HOST:PORT or ssh://USER@HOST');
const POOL = expected('a private network such as 10.210.0.0/16, from /8 to /24');
const OCTET = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';

const image = (standard: string) =>
  z.string().min(1).prefault(standard).meta({ description: 'Image of the router that Spillway runs.' });
const directory = (standard: string) =>
  ownFolder().prefault(standard).meta({ description: 'Folder on the target for configuration, maps and sockets.' });
const ports = () =>
  z
    .array(port())
    .min(1)
    .meta({ description: 'Ports that speak TLS.', examples: [[443]] });
const errorPage = z
  .string()
  .min(1)
  .optional()
  .meta({
    description: 'HTML file, relative to this file, that is shown when no version answers.',
    examples: ['./error.html'],
  });

const limits = z
  .strictObject({
    requestHead: size('4KiB', '1MiB')
      .prefault('64KiB')
      .meta({ description: 'Longest request line with all headers of a request, and longest single header.' }),
    answerHead: size('4KiB', '1MiB')
      .prefault('64KiB')
      .meta({ description: 'Longest status line with all headers of an answer.' }),
    headers: z.int().min(100).max(10_000).prefault(1_000).meta({
      description: 'Most headers of a request or an answer. nginx does not count them.',
    }),
  })
  .optional()
  .meta({
    title: 'limits',
    description:
      'How large heads may be. Apps that share a router share these limits: the largest of each wins. An HAProxy that was already there has the limits of its own configuration.',
    examples: [{ requestHead: '128KiB' }],
  });

const haproxy = z
  .strictObject({
    kind: z
      .literal('haproxy')
      .optional()
      .default('haproxy')
      .meta({ description: 'HAProxy, which loses no request and counts what a canary needs.' }),
    image: image('haproxy:2.8'),
    directory: directory('/var/lib/spillway/haproxy'),
    attach: z
      .strictObject({
        masterSocket: absolutePath().meta({
          description: 'Path of the master socket (`-S`) of the HAProxy that is there.',
          examples: ['/run/haproxy-master.sock'],
        }),
        directory: haproxyFolder().meta({
          description: 'Folder given to it with an extra `-f`.',
          examples: ['/etc/haproxy/spillway'],
        }),
      })
      .optional()
      .meta({ description: 'Use an HAProxy that is already there instead of running one.' }),
    tls: z
      .strictObject({
        certificates: quotedPath().meta({
          description: 'Folder on the target with PEM files, each a certificate chain and its key.',
          examples: ['/etc/ssl/shop'],
        }),
        ports: ports(),
      })
      .optional()
      .meta({ description: 'Which ports speak TLS, and with which certificates.' }),
    errorPage,
    limits,
    trustedProxies: trustedProxies(),
  })
  .meta({ title: 'haproxy' });

const nginx = z
  .strictObject({
    kind: z.literal('nginx').meta({ description: 'nginx, which moves traffic by a reload.' }),
    image: image('nginx:1.28'),
    directory: directory('/var/lib/spillway/nginx'),
    attach: z
      .strictObject({
        directory: nginxFolder().meta({
          description: 'Folder that its `http` block includes (`include DIRECTORY/*.conf;`).',
          examples: ['/etc/nginx/spillway'],
        }),
        test: command()
          .prefault(['nginx', '-t'])
          .meta({ description: 'Checks the configuration; its exit code decides.' }),
        reload: command()
          .prefault(['nginx', '-s', 'reload'])
          .meta({ description: 'Makes nginx read the configuration again.' }),
      })
      .optional()
      .meta({ description: 'Use an nginx that is already there instead of running one.' }),
    tls: z
      .strictObject({
        certificate: quotedPath().meta({
          description: 'PEM file on the target with the certificate chain.',
          examples: ['/etc/ssl/shop.pem'],
        }),
        key: quotedPath().meta({
          description: 'PEM file on the target with the private key.',
          examples: ['/etc/ssl/shop.key'],
        }),
        ports: ports(),
      })
      .optional()
      .meta({ description: 'Which ports speak TLS, and with which certificate.' }),
    errorPage,
    limits,
    trustedProxies: trustedProxies(),
  })
  .meta({ title: 'nginx' });

export const router = z.discriminatedUnion('kind', [haproxy, nginx], expectedOne('kind', 'haproxy or nginx'));

export const target = z
  .strictObject({
    kind: z.literal('docker').prefault('docker').meta({ description: 'Kind of the target.' }),
    host: z
      .string(HOST)
      .regex(/^(unix|tcp|ssh):\/\/\S+$/, HOST)
      .optional()
      .meta({
        description: 'Docker engine; when absent `DOCKER_HOST` of the worker, or the local socket.',
        examples: ['ssh://deploy@shop.example.com'],
      }),
    tls: z
      .strictObject({
        ca: z
          .string()
          .min(1)
          .meta({ description: 'Certificate of the authority.', examples: ['/etc/docker/ca.pem'] }),
        cert: z
          .string()
          .min(1)
          .meta({ description: 'Certificate of the worker.', examples: ['/etc/docker/cert.pem'] }),
        key: z
          .string()
          .min(1)
          .meta({ description: 'Key of the worker.', examples: ['/etc/docker/key.pem'] }),
      })
      .optional()
      .meta({ description: 'PEM files on the machine of the worker for a `tcp://` host.' }),
    sshKey: secret.optional().meta({
      description:
        'Private key for an `ssh://` host; when absent the SSH agent of the worker. The path of a file is absolute or begins with `~/`.',
      examples: [{ file: '~/.ssh/deploy-key' }],
    }),
    addressPool: z
      .string(POOL)
      .regex(new RegExp(`^${OCTET}(\\.${OCTET}){3}/([89]|1\\d|2[0-4])$`), POOL)
      .prefault('10.210.0.0/16')
      .meta({ description: 'Each environment gets a /24 of this for its network.' }),
    stateDirectory: absolutePath().prefault('/var/lib/spillway/state').meta({
      description:
        'Folder on the target for the ledger; backups lie at the same path on the worker’s machine, unless `backup.store` names another.',
    }),
    helperImage: z.string().min(1).prefault('alpine/socat').meta({
      description: 'Image with a shell and socat, used to reach things on a remote host.',
    }),
  })
  .superRefine(({ host, tls, sshKey }, context) => {
    if (tls && !host?.startsWith('tcp://')) mistake(context, ['tls'], 'expected only with a tcp:// host');
    if (sshKey && !host?.startsWith('ssh://')) mistake(context, ['sshKey'], 'expected only with an ssh:// host');
    if (sshKey && 'file' in sshKey && !/^~?\//.test(sshKey.file)) {
      mistake(
        context,
        ['sshKey', 'file'],
        `expected an absolute path or one that begins with ~/, because the target is the same for every copy of this folder, seen "${sshKey.file}"`,
      );
    }
  }, untilReadable);

export type TargetConfig = z.output<typeof target>;
export type RouterConfig = z.output<typeof router>;
