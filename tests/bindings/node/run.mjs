// Installs the package as a user does, and runs one test file with it.
//   node run.mjs install FOLDER NPM     packs the package and installs it, with koffi, into FOLDER
//   node run.mjs NAME FOLDER            runs NAME_test.mjs there

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const packageFolder = resolve(here, '../../../capi/bindings/node');
const [what, folder, npm] = process.argv.slice(2);

function skip(reason) {
  console.log(`skipped: ${reason}`);
  process.exit(0);
}

function run(command, args, options = {}) {
  return spawnSync(command, args, { encoding: 'utf8', ...options });
}

function npmInstall(...packages) {
  const options = [
    '--no-audit',
    '--no-fund',
    '--no-save',
    '--no-package-lock',
    '--fetch-retries=1',
  ];
  return run(npm, ['install', ...options, ...packages], { cwd: folder, timeout: 240_000 });
}

function install() {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}\n');
  if (!existsSync(join(folder, 'node_modules/koffi'))) {
    const { dependencies } = JSON.parse(readFileSync(join(packageFolder, 'package.json')));
    const result = npmInstall(`koffi@${dependencies.koffi}`, 'typescript', '@types/node@20');
    if (result.status !== 0) {
      rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
      skip(`npm cannot install koffi here\n${result.stderr}`);
    }
  }
  // What npm would publish, and nothing else, is what is tested.
  const packed = run(npm, ['pack', '--json', '--pack-destination', folder, packageFolder], {
    cwd: folder,
  });
  if (packed.status !== 0) throw new Error(packed.stderr);
  const [{ filename }] = JSON.parse(packed.stdout);
  const target = join(folder, 'node_modules/phi');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  const unpacked = run('tar', [
    '-xzf',
    join(folder, filename),
    '-C',
    target,
    '--strip-components=1',
  ]);
  if (unpacked.status !== 0) throw new Error(unpacked.stderr);
  for (const part of ['README.md', 'examples']) {
    cpSync(join(packageFolder, part), join(folder, part), { recursive: true });
  }
}

if (what === 'install') {
  install();
} else {
  if (!existsSync(join(folder, 'node_modules/phi'))) skip('koffi is not installed (npm, network)');
  if (!process.env.PHI_LIBRARY) skip('PHI_LIBRARY names no libphi.so');
  for (const file of ['support.mjs', `${what}_test.mjs`])
    cpSync(join(here, file), join(folder, file));
  const args = ['--expose-gc', '--test-reporter=spec', join(folder, `${what}_test.mjs`)];
  const env = { ...process.env, PHI_ROOT: resolve(here, '../../..') };
  process.exit(
    spawnSync(process.execPath, args, { stdio: 'inherit', cwd: folder, env }).status ?? 1,
  );
}
