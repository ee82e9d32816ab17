// Finds the shared library, loads it once, and calls it.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';
import { functions } from './abi.js';
import { PhiError } from './errors.js';

const fileName = { win32: 'phi.dll', darwin: 'libphi.1.dylib' }[process.platform] ?? 'libphi.so.1';

let loaded = null;
let loadedFrom = '';

/** Where to look, in this order; a bare name is for the system's own search. */
function places() {
  if (process.env.PHI_LIBRARY) return [process.env.PHI_LIBRARY];
  const beside = fileURLToPath(new URL(`../${fileName}`, import.meta.url));
  return existsSync(beside) ? [beside, fileName] : [fileName];
}

function load(place) {
  const shared = koffi.load(place);
  return Object.fromEntries(
    Object.entries(functions).map(([name, [result, parameters]]) => [
      name,
      shared.func(name, result, parameters),
    ]),
  );
}

export function loadLibrary(path) {
  if (loaded) {
    if (path !== undefined && path !== loadedFrom) {
      throw new Error(`libphi is loaded already, from ${loadedFrom}`);
    }
    return loadedFrom;
  }
  const problems = [];
  for (const place of path === undefined ? places() : [path]) {
    try {
      loaded = load(place);
    } catch (problem) {
      problems.push(`${place}: ${problem.message}`);
      continue;
    }
    loadedFrom = place;
    return place;
  }
  throw new Error(
    `libphi cannot be loaded, or is too old; install it, or set PHI_LIBRARY to its path (${problems.join('; ')})`,
  );
}

/** The loaded library: its functions by name. */
export function library() {
  if (!loaded) loadLibrary();
  return loaded;
}

/** The status, or the error that it is. */
function check(status, err) {
  if (status < 0) throw new PhiError(status, err.message);
  return status;
}

/** Calls a function that can fail; its last parameter, phi_error *, is added here. */
export function call(name, ...args) {
  const err = {};
  return check(library()[name](...args, err), err);
}

// Arguments of calls that run: the library uses their memory.
const inUse = new Set();

/** The same off the main thread. `args` must stay as they are until it is done. */
export async function callAsync(name, ...args) {
  const err = {};
  inUse.add(args);
  try {
    const status = await new Promise((resolve, reject) => {
      library()[name].async(...args, err, (problem, result) =>
        problem ? reject(problem) : resolve(result),
      );
    });
    return check(status, err);
  } finally {
    inUse.delete(args);
  }
}

export const version = () => library().phi_version_string();
export const abiVersion = () => library().phi_abi_version();
