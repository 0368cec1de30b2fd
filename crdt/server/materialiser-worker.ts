/**
 * The entry of the materialiser's worker thread, started by worker-host.ts: a Loro instance of its own, which runs
 * jobs in the order in which they come and dies with its host.
 */
import { getHeapStatistics } from 'node:v8';
import { parentPort } from 'node:worker_threads';
import { type FromWorker, shared, type ToWorker, unpack } from './job-message.ts';
import { Desk, runJob } from './materialiser-jobs.ts';

const desk = new Desk();

parentPort?.on('message', (message: ToWorker) => {
  for (const { request, bytes } of unpack(message)) answer(request.n, runJob(desk, request, bytes));
});

function answer(n: number, outcome: ReturnType<typeof runJob>): void {
  if (!outcome.ok) {
    const { fault, trap } = outcome;
    return send({ n, result: { fault: fault.toJSON(), trap } }, []);
  }
  const { bytes, transfer } = shared(outcome.answer.bytes);
  send({ n, result: { json: outcome.answer.json, bytes } }, transfer);
}

function send(message: Omit<FromWorker, 'memoryBytes'>, transfer: ArrayBuffer[]): void {
  parentPort?.postMessage({ ...message, memoryBytes: getHeapStatistics().external_memory }, transfer);
}
