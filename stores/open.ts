import { join } from 'node:path';
import type { StoreConfig } from '../domain/backup';
import { environmentDirectory } from '../domain/names';
import type { Scope } from '../domain/release';
import { openFolder } from './folder/folder';
import type { Store } from './store';

export function openStore(config: StoreConfig, scope: Scope): Store {
  switch (config.kind) {
    case 'folder':
      return openFolder(join(environmentDirectory({ stateDirectory: config.directory }, scope), 'backups'));
  }
}
