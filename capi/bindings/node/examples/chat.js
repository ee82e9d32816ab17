// A chat in the terminal.   usage: node chat.js [MODEL]
//
// An empty line or the end of input ends it; Ctrl-C ends an answer, or the chat between answers.

import { createInterface } from 'node:readline/promises';
import { stdin, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { Model, PhiError, Session } from 'phi';

const phiNano = new URL('../../../../examples/phi-nano/phi-nano.phi', import.meta.url);

/** The model's answer, shown as it comes; null when the conversation is too long. */
async function answer(session, conversation, signal) {
  let text = '';
  try {
    for await (const piece of session.reply(conversation, { signal })) {
      stdout.write(piece);
      text += piece;
    }
  } catch (problem) {
    if (problem.code === 'PHI_ERR_CONTEXT_FULL') return null;
    if (problem.name !== 'AbortError') throw problem;
    stdout.write(' ...');
  }
  return text;
}

async function main(path) {
  const model = await Model.open(path);
  const session = await Session.create(model);
  const terminal = createInterface({ input: stdin });
  let stop = null; // while an answer runs
  process.on('SIGINT', () => (stop ? stop.abort() : terminal.close()));
  let conversation = [];

  stdout.write('> ');
  for await (const question of terminal) {
    if (question === '') break;
    stop = new AbortController();
    conversation.push({ role: 'user', content: question });
    const text = await answer(session, conversation, stop.signal);
    stop = null;
    if (text === null) {
      stdout.write('\n(the conversation is too long; it starts again)');
      conversation = [];
    } else {
      conversation.push({ role: 'assistant', content: text });
    }
    stdout.write('\n> ');
  }
  terminal.close();
  session.close();
  model.close();
}

try {
  await main(process.argv[2] ?? fileURLToPath(phiNano));
} catch (problem) {
  if (!(problem instanceof PhiError)) throw problem;
  console.error(`chat.js: ${problem.message}`);
  process.exitCode = 1;
}
