import type { TargetConfig } from '../../domain/config';
import { ConfigurationFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import type { Claim } from '../../domain/ownership';
import type { Scope } from '../../domain/release';
import { findClaims } from './claims';
import { DockerContainers } from './containers';
import { DockerData } from './data';
import { connectEngine, type DockerEngine, type Surroundings } from './engine';
import { DockerGroups } from './groups';
import { DockerHost } from './host';
import { DockerImages } from './images';
import { DockerLeaving } from './leaving';
import { DockerReplicas } from './replicas';
import { DockerVolumes } from './volumes';
import type { Groups } from '../groups';
import type { Images } from '../images';
import type { Leaving } from '../leaving';
import type { Replicas } from '../replicas';
import type { Target, TargetProbe, Wanted } from '../target';
import type { Volumes } from '../volumes';

export interface DockerTarget extends Target {
  readonly kind: 'docker';
  readonly host: Host;
}

export function openDockerTarget(config: TargetConfig, surroundings: Surroundings): Promise<DockerTarget> {
  return Promise.resolve(new EngineTarget(config, surroundings));
}

class EngineTarget implements DockerTarget {
  readonly kind = 'docker';
  readonly host: Host;
  readonly images: Images;
  readonly groups: Groups;
  readonly replicas: Replicas;
  readonly volumes: Volumes;
  readonly leaving: Leaving;
  private readonly engine: DockerEngine;

  constructor({ helperImage, addressPool, ...config }: TargetConfig, surroundings: Surroundings) {
    const engine = connectEngine(config, surroundings);
    const images = new DockerImages(engine, surroundings.variables);
    const host = new DockerHost(engine, images, helperImage);
    const containers = new DockerContainers(engine);
    const data = new DockerData(engine, host);
    const replicas = new DockerReplicas(engine, containers, host);
    this.engine = engine;
    this.images = images;
    this.host = host;
    this.replicas = replicas;
    this.groups = new DockerGroups({ engine, images, containers, data, replicas, addressPool });
    this.volumes = new DockerVolumes({ engine, host, containers, data });
    this.leaving = new DockerLeaving(engine);
  }

  async probe(io: Io): Promise<TargetProbe> {
    const info = (await this.engine.call(io, (docker) => docker.info())) as EngineInfo;
    if (info.OSType !== 'linux') {
      throw new ConfigurationFailure(
        `expected a Docker engine with Linux containers, seen ${info.OSType}: use another host`,
      );
    }
    return {
      software: info.ServerVersion,
      now: Date.parse(info.SystemTime),
      memory: info.MemTotal,
      cores: info.NCPU,
      freeDisk: await this.freeDisk(info.DockerRootDir, io),
    };
  }

  claims(scope: Scope, wanted: Wanted[], io: Io): Promise<Claim[]> {
    return findClaims(this.engine, scope, wanted, io);
  }

  close(): Promise<void> {
    this.engine.close();
    return Promise.resolve();
  }

  /** Answers undefined when the host has no `df`, or does not let us read the folder. */
  private async freeDisk(directory: string, io: Io): Promise<number | undefined> {
    const { exitCode, stdout } = await this.host.run(['df', '-Pk', directory], io);
    const available = /^\S+\s+\d+\s+\d+\s+(\d+)\s/m.exec(stdout)?.[1];
    return exitCode === 0 && available ? Number(available) * 1024 : undefined;
  }
}

interface EngineInfo {
  ServerVersion: string;
  SystemTime: string;
  MemTotal: number;
  NCPU: number;
  DockerRootDir: string;
  OSType: string;
}
