import type { TargetConfig } from '../domain/config';
import { archiveDirectory, environmentDirectory } from '../domain/names';
import type { Scope } from '../domain/release';
import { DocumentFence } from './fence';
import type { OpenTarget } from '../targets/open';
import { HostArchive } from './host-folder/archive';
import { HostFolder, type FilesOfHost } from './host-folder/host-folder';
import { DocumentLedger } from './ledger';
import type { Archive, Documents, State } from './state';

export function openState(config: TargetConfig, scope: Scope, target: OpenTarget): State {
  switch (target.kind) {
    case 'docker':
      return onHost(target.host, environmentDirectory(config, scope), archiveDirectory(config, scope));
  }
}

function onHost(host: FilesOfHost, directory: string, archive: string): State {
  return stateOn(new HostFolder(host, directory), new HostArchive(host, { directory, archive }));
}

export function stateOn(documents: Documents, archive: Archive): State {
  const ledger = new DocumentLedger(documents, archive);
  return { documents, archive, fence: new DocumentFence(documents), ledger };
}
