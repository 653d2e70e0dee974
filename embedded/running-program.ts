/** Programs that run on this machine, some of them left over from an earlier start of ours. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process id is reused by the system; together with the time of its start it is not. */
export interface RunningProgram {
  readonly pid: number;
  readonly startedAt: string;
  readonly command: string;
}

export function findProgram(pid: number): RunningProgram | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  const found = process.platform === 'linux' ? askLinux(pid) : askSystem(pid);
  return found && { pid, ...found };
}

/** Sends each signal in turn and waits for the program to end. False when it outlives the last one. */
export async function stopProgram(
  program: RunningProgram,
  signals: readonly { readonly signal: NodeJS.Signals; readonly withinMs: number }[],
): Promise<boolean> {
  for (const { signal, withinMs } of signals) {
    if (hasEnded(program)) return true;
    try {
      process.kill(program.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
      return false;
    }
    if (await ended(program, withinMs)) return true;
  }
  return false;
}

async function ended(program: RunningProgram, withinMs: number): Promise<boolean> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(20)) {
    if (hasEnded(program)) return true;
  }
  return false;
}

function hasEnded({ pid, startedAt }: RunningProgram): boolean {
  return findProgram(pid)?.startedAt !== startedAt;
}

type Found = Pick<RunningProgram, 'startedAt' | 'command'>;

function askLinux(pid: number): Found | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces, so the fields are counted from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { startedAt: `${boot} ${fields[19]}`, command };
  } catch {
    return undefined;
  }
}

function askSystem(pid: number): Found | undefined {
  const [program, ...args] =
    process.platform === 'win32'
      ? ['powershell', '-NoProfile', '-Command', windowsQuery(pid)]
      : ['env', 'LC_ALL=C', 'ps', '-o', 'lstart=,command=', '-p', String(pid)];
  const { status, stdout } = spawnSync(program!, args, { encoding: 'utf8' });
  const line = status === 0 ? stdout.trim() : '';
  // Both print the time of the start in 24 characters: "Sun Nov 22 15:07:00 2026".
  return line ? { startedAt: line.slice(0, 24), command: line.slice(24).trim() } : undefined;
}

function windowsQuery(pid: number): string {
  return (
    `Get-CimInstance Win32_Process -Filter "ProcessId=${pid}" | ` +
    `ForEach-Object { $_.CreationDate.ToString("yyyy-MM-dd HH:mm:ss.ffff") + " " + $_.CommandLine }`
  );
}
