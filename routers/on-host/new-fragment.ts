import { rangesOf } from '../../domain/config/proxies';
import type { RouterConfig } from '../../domain/config';
import type { Host, Io } from '../../domain/host';
import type { Routing } from '../router';
import { readErrorPage } from './error-page';
import { onHost, type Fragment } from './fragments';

type Settings<Tls> = Pick<RouterConfig, 'errorPage' | 'limits' | 'trustedProxies'> & { tls?: Fragment<Tls>['tls'] };

/** What an app's file at the router says of it. @throws ConfigurationFailure when its error page is nowhere */
export async function newFragment<Tls>(
  host: Host,
  { tls, limits, trustedProxies, errorPage }: Settings<Tls>,
  routing: Routing,
  io: Io,
): Promise<Fragment<Tls>> {
  const page = await readErrorPage(host, errorPage, routing, io);
  return {
    routing: onHost(routing),
    ...(tls && { tls }),
    ...(page !== undefined && { errorPage: page }),
    ...(limits && { limits }),
    trustedProxies: rangesOf(trustedProxies),
  };
}
