// The package's structs, functions and numbers against phi.h, so that they cannot drift apart.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import koffi from 'koffi';
import * as phi from 'phi';
import { root } from './support.mjs';

const source = new URL('./node_modules/phi/src/', import.meta.url);
const { functions, structs, abiVersion } = await import(new URL('abi.js', source));
const constants = await import(new URL('constants.js', source));
const { library } = await import(new URL('library.js', source));

const header = readFileSync(join(root, 'capi/include/phi.h'), 'utf8').replace(/\/\*.*?\*\//gs, '');
const scalars = {
  float: 'Float32',
  double: 'Float64',
  int32_t: 'Int32',
  uint32_t: 'UInt32',
  uint64_t: 'UInt64',
  size_t: 'UInt64',
  phi_token: 'Int32',
  phi_status: 'Int32',
  void: 'Void',
};

/** How koffi calls what C calls `type`. */
function primitives(type) {
  const plain = type.replace(/\bconst\b/g, '').replace(/\s/g, '');
  if (plain === 'callback') return ['Callback'];
  if (plain === 'char*') return ['String', 'Pointer'];
  if (plain.endsWith('*')) return ['Pointer'];
  if (plain in structs) return ['Record'];
  assert.ok(plain in scalars, `unknown type ${plain}`);
  return [scalars[plain]];
}

function headerFields(name) {
  const [, body] = header.match(new RegExp(`typedef struct ${name} \\{(.*?)\\} ${name};`, 's'));
  return body
    .split(';')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((declaration) => {
      const callback = declaration.match(/\(PHI_CALL\* (\w+)\)/);
      if (callback) return { field: callback[1], type: 'callback' };
      const [, type, field, length] = declaration.match(/^(.*?)(\w+)(?:\[(\d+)\])?$/s);
      return { field, type, length: length && Number(length) };
    });
}

test('structs begin as those of the header', () => {
  for (const [name, ours] of Object.entries(structs)) {
    const theirs = headerFields(name);
    Object.values(ours.members).forEach((member, i) => {
      const { field, type, length } = theirs[i];
      if (member.name === 'reserved') return; // what a later version may give a name
      assert.equal(member.name, field, name);
      if (length) {
        assert.equal(member.type.length, length, `${name}.${field}`);
        assert.equal(member.type.ref.size, type.trim() === 'char' ? 1 : 4);
      } else {
        assert.ok(primitives(type).includes(member.type.primitive), `${name}.${field}`);
      }
    });
  }
});

test('layouts are those that phi.h promises on 64-bit systems', () => {
  const sizes = {
    phi_error: 256,
    phi_message: 24,
    phi_sampling: 88,
    phi_model_options: 72,
    phi_session_options: 144,
    phi_stream_options: 24,
    phi_model_info: 184,
    phi_tokenizer_info: 88,
    phi_memory: 48,
  };
  assert.deepEqual(
    Object.fromEntries(Object.entries(structs).map(([name, type]) => [name, type.size])),
    sizes,
  );
  const { members } = structs.phi_session_options;
  assert.equal(members.sampling.offset, 32);
  assert.equal(members.precision.offset, 120);
});

test('every function of the header is here with its types', () => {
  const theirs = [...header.matchAll(/PHI_API ([^;(]*?)PHI_CALL (\w+)\((.*?)\);/gs)];
  assert.ok(theirs.length > 30);
  assert.deepEqual(theirs.map(([, , name]) => name).sort(), Object.keys(functions).sort());
  for (const [, result, name, list] of theirs) {
    const { info } = library()[name];
    assert.ok(primitives(result).includes(info.result.primitive), name);
    const types =
      list.trim() === 'void' ? [] : list.split(',').map((t) => t.replace(/\w+\s*$/, ''));
    assert.equal(info.arguments.length, types.length, name);
    types.forEach((type, i) => {
      assert.ok(
        primitives(type).includes(info.arguments[i].type.primitive),
        `${name}, parameter ${i + 1}`,
      );
    });
  }
});

test('numbers', () => {
  const theirs = new Map(
    [...header.matchAll(/\b(PHI_[A-Z0-9_]+) = (-?\d+)/g)].map(([, name, value]) => [name, +value]),
  );
  assert.ok(theirs.size > 25);
  const enums = {
    PHI_WEIGHTS_: constants.weights,
    PHI_ISA_: constants.isa,
    PHI_KV_: constants.kv,
    PHI_REPACK_: constants.repack,
    PHI_PRECISION_: constants.precision,
    PHI_PIN_: constants.pin,
    PHI_PRIORITY_: constants.priority,
    PHI_LOG_: constants.logLevel,
    PHI_: phi.Status,
  };
  for (const [prefix, names] of Object.entries(enums)) {
    for (const [name, value] of Object.entries(names)) {
      const full = prefix + name.toUpperCase().replaceAll('-', '_');
      assert.equal(theirs.get(full), value, full);
    }
  }
  for (const name of theirs.keys()) {
    if (name.startsWith('PHI_ERR_')) assert.ok(name.slice(4) in phi.Status, name);
  }
  for (const [name, value] of Object.entries(phi.Status)) {
    assert.equal(library().phi_status_name(value), `PHI_${name}`);
  }
  assert.ok(phi.abiVersion() >= abiVersion);
});

test('two copies of the package live in one process', async () => {
  const copy = await import('./node_modules/phi/src/abi.js?copy');
  assert.equal(copy.structs.phi_error.size, koffi.sizeof(structs.phi_error));
});
