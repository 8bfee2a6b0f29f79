// A steady load from inside the cluster: node load.mjs '{"url": …, "newPerSecond": 150, "keptPerSecond": 50}'.
//
// Lines on stdin steer it: `mark NAME` begins a phase, `stop` (or the end of stdin) ends the run once every request
// under way is answered. Lines on stdout, all JSON: {"started": true}, {"marked": NAME}, and last the report.
import http from 'node:http';
import { createInterface } from 'node:readline';

const {
  url,
  newPerSecond = 0,
  keptPerSecond = 0,
  keptConnections = 4,
  field = 'pod',
  headers = {},
  timeoutMs = 10_000,
} = JSON.parse(process.argv[2]);

/** How often due requests are sent: short enough that 200 per second leave one at a time. */
const TICK_MS = 4;

const startedAt = Date.now();
const report = { phases: [], failures: [], slowestMs: 0 };
let phase;
let underWay = 0;
let stopping = false;

function begin(name) {
  phase = { name, atMs: Date.now() - startedAt, sent: 0, answered: 0, answers: {} };
  report.phases.push(phase);
}

const kinds = {
  new: { perSecond: newPerSecond, sent: 0, agent: new http.Agent({ keepAlive: false }) },
  kept: {
    perSecond: keptPerSecond,
    sent: 0,
    // First in, first out: every connection carries requests, none is left to go stale.
    agent: new http.Agent({ keepAlive: true, maxSockets: keptConnections, scheduling: 'fifo' }),
  },
};

/** Sends one request; it is counted in the phase in which it was sent. */
function send(kind, agent) {
  const sentIn = phase;
  const sentAt = Date.now();
  let settled = false;
  sentIn.sent += 1;
  underWay += 1;

  const settle = (record) => {
    if (settled) return;
    settled = true;
    underWay -= 1;
    report.slowestMs = Math.max(report.slowestMs, Date.now() - sentAt);
    record();
    if (stopping && underWay === 0) finish();
  };
  const fail = (error) =>
    settle(() =>
      report.failures.push({
        at: new Date(sentAt).toISOString(),
        phase: sentIn.name,
        kind,
        reused: request.reusedSocket,
        afterMs: Date.now() - sentAt,
        error,
      }),
    );

  const request = http.get(url, { agent, headers, timeout: timeoutMs }, (response) => {
    const chunks = [];
    response.on('data', (chunk) => chunks.push(chunk));
    response.on('error', (error) => fail(`in the answer: ${error.code ?? error.message}`));
    response.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      if (!response.complete) fail('the answer was cut short');
      else if (response.statusCode !== 200) fail(`status ${response.statusCode}: ${body.slice(0, 200)}`);
      else settle(() => count(sentIn, body));
    });
  });
  request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
  request.on('error', (error) => fail(error.code ?? error.message));
}

function count(sentIn, body) {
  let answer;
  try {
    answer = String(JSON.parse(body)[field]);
  } catch {
    answer = body.trim().slice(0, 100); // a server that does not speak JSON is known by its text
  }
  sentIn.answered += 1;
  sentIn.answers[answer] = (sentIn.answers[answer] ?? 0) + 1;
}

function stop() {
  if (stopping) return;
  stopping = true;
  clearInterval(ticker);
  if (underWay === 0) finish();
}

function finish() {
  const [sent, answered] = ['sent', 'answered'].map((key) =>
    report.phases.reduce((sum, { [key]: n }) => sum + n, 0),
  );
  const seconds = (Date.now() - startedAt) / 1_000;
  process.stdout.write(`${JSON.stringify({ sent, answered, seconds, ...report })}\n`, () => process.exit(0));
}

begin('start');
const ticker = setInterval(() => {
  const seconds = (Date.now() - startedAt) / 1_000;
  for (const [name, kind] of Object.entries(kinds)) {
    for (; kind.sent < Math.floor(seconds * kind.perSecond); kind.sent += 1) send(name, kind.agent);
  }
}, TICK_MS);

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  if (line === 'stop') stop();
  else if (line.startsWith('mark ')) {
    begin(line.slice(5));
    console.log(JSON.stringify({ marked: line.slice(5) }));
  }
});
lines.on('close', stop);
console.log(JSON.stringify({ started: true }));
