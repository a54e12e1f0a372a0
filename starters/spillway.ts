#!/usr/bin/env node
import { Command } from 'commander';
import { version } from '../package.json';
import { registerAdopt } from './adopt';
import { registerAnalyze } from './analyze';
import { registerCurrent } from './current';
import { registerDev } from './dev';
import { registerDoctor } from './doctor';
import { registerEnvironment } from './environment';
import { registerHelp } from './help';
import { registerHistory } from './history';
import { registerInit } from './init';
import { registerJudge } from './judge';
import { registerMessages } from './messages';
import { registerMigrate } from './migrate';
import { execute } from './output';
import { registerPlan } from './plan';
import { registerRelease } from './release';
import { registerSmoke } from './smoke';
import { registerStatus } from './status';
import { registerValidate } from './validate';
import { registerVersion } from './version';
import { registerWatch } from './watch';
import { registerWindow } from './window';
import { registerWorker } from './worker';

/** `--help` lists the commands in this order. */
export function registerAll(program: Command): void {
  const registrations = [
    registerDev,
    registerWorker,
    registerDoctor,
    registerInit,
    registerValidate,
    registerVersion,
    registerPlan,
    registerRelease,
    registerStatus,
    registerWatch,
    registerHistory,
    registerCurrent,
    registerMessages,
    registerMigrate,
    registerAdopt,
    registerEnvironment,
    registerSmoke,
    registerJudge,
    registerAnalyze,
    registerWindow,
    registerHelp,
  ];
  for (const register of registrations) register(program);
}

function createProgram(): Command {
  const program = new Command('spillway')
    .description('Releases apps as durable workflows on Temporal, and puts everything back when a release fails.')
    .version(version)
    .showHelpAfterError('Add --help for what is possible.')
    .addHelpText(
      'after',
      `
Start here: \`spillway init\` writes a spillway.yaml, \`spillway dev\` starts Temporal and a worker, \`spillway plan\` shows
what a release would do. Every command has --help with examples and exit codes.`,
    );
  registerAll(program);
  return program;
}

if (require.main === module) void execute(createProgram(), process.argv);
