import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { findTemporalCli } from '../../scripts/temporal-cli.mjs';

describe('the Temporal CLI', () => {
  let folder: string;
  let program: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dunlin-cli-'));
    program = join(folder, 'temporal');
    vi.stubEnv('TEMPORAL_CLI', undefined);
    vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  it('is the one that TEMPORAL_CLI names, before any other', () => {
    vi.stubEnv('TEMPORAL_CLI', process.execPath);
    expect(findTemporalCli()).toBe(process.execPath);
  });

  it('is the one on the path when that is recent enough', () => {
    install('echo "temporal version 1.9.3 (Server 1.32.1, UI 2.54.1)"');
    expect(findTemporalCli()).toBe(program);
  });

  it('is not an old one, whose server cannot skip time', () => {
    install('echo "temporal version 1.5.0 (Server 1.29.0, UI 2.40.0)"');
    expect(findTemporalCli()).not.toBe(program);
  });

  it('is not one that does not run', () => {
    install('exit 1');
    expect(findTemporalCli()).not.toBe(program);
  });

  function install(line: string): void {
    writeFileSync(program, `#!/bin/sh\n${line}\n`);
    chmodSync(program, 0o755);
  }
});
