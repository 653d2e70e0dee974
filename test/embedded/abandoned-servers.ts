/** A Dunlin to be killed: starts both servers, says where they are, and waits for its end. */
import { startPostgres } from '../../embedded/postgres.js';
import { startTemporal } from '../../embedded/temporal.js';

const [home, postgresPort, port, uiPort] = process.argv.slice(2);
const [postgres, temporal] = await Promise.all([
  startPostgres({ home: home!, port: Number(postgresPort), durable: false }),
  startTemporal({ home: home!, port: Number(port), uiPort: Number(uiPort) }),
]);
process.stdout.write(`${JSON.stringify({ postgres, temporal })}\n`);
setInterval(() => {}, 1000);
