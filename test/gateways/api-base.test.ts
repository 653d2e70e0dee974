import { expect, test } from 'vitest';

import { isPermittedBase } from '../../gateways/api-base.js';

const PERMITTED = ['http://127.0.0.1:*', 'https://mock.example:8443', 'https://gate.example'];

test.each([
  ['http://127.0.0.1:8081', true],
  ['http://127.0.0.1', true],
  ['https://mock.example:8443/stripe', true],
  ['https://gate.example/', true],
  ['https://127.0.0.1:8081', false],
  ['http://localhost:8081', false],
  ['https://mock.example', false],
  ['https://mock.example:8444', false],
  ['https://gate.example:8443', false],
  ['https://gate.example.collector.example', false],
  ['https://collector.example/https://gate.example', false],
])('a test account may send to %s: %s', (base, expected) => {
  expect(isPermittedBase(base, PERMITTED)).toBe(expected);
  expect(isPermittedBase(base, [])).toBe(false);
});
