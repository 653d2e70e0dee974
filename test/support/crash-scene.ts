/** A house whose workers are processes that may be killed, with gates and wires between them and everybody else. */
import type { HouseOptions } from './house.js';
import { openHouse } from './house.js';
import { type WorkerProcess, openRoad, startWorkerProcess } from './crash.js';
import { openGates } from './crash-gate.js';
import { openWire } from './crash-wire.js';

export type CrashScene = Awaited<ReturnType<typeof openCrashScene>>;

export async function openCrashScene(environment: NonNullable<HouseOptions['environment']>) {
  const house = await openHouse({ workers: false, environment });
  const wire = await openWire(house);
  const gates = await openGates(house);
  const road = await openRoad(house.stores.temporalAddress);
  const processes: WorkerProcess[] = [];
  return {
    house,
    wire,
    gates,
    road,
    async aWorker(temporalAddress?: string): Promise<WorkerProcess> {
      const worker = await startWorkerProcess(house, temporalAddress);
      processes.push(worker);
      return worker;
    },
    async close() {
      for (const worker of processes) await worker.kill();
      await wire.close();
      await gates.close();
      await road.close();
      await house.close();
    },
  };
}
