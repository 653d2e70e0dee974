import { z } from 'zod';

import { idOf, metadata, shownInstant, shownMetadata, text, timeZone } from './common.js';

const regions = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });

export const country = z
  .string()
  .regex(/^[A-Z]{2}$/, { error: 'must be an ISO 3166 code of two letters in upper case' })
  .refine((code) => !/^[A-Z]{2}$/.test(code) || regions.of(code) !== undefined, {
    error: 'is not a known country',
  })
  .meta({ example: 'DE' });

const locale = z
  .string()
  .max(35)
  .regex(/^[a-z]{2,3}(-[A-Za-z\d]{2,8})*$/, { error: 'must be a language tag such as de-DE' })
  .meta({ example: 'de-DE' });

const person = {
  email: z.email().max(320).nullable().optional().meta({ example: 'ada@example.com' }),
  name: text(200).nullable().optional().meta({ example: 'Ada Lovelace' }),
  country: country.nullable().optional(),
  locale: locale.nullable().optional(),
};

export const newCustomer = z.strictObject({
  ...person,
  time_zone: timeZone
    .default('UTC')
    .meta({ description: 'In which days begin and mornings are, for renewals and retries' }),
  metadata: metadata.default({}),
});

export const changedCustomer = z.strictObject({
  ...person,
  time_zone: timeZone.optional(),
  metadata: metadata.optional().meta({ description: 'Replaces what was there' }),
});

export const customer = z
  .object({
    id: idOf('cus'),
    email: z.string().nullable(),
    name: z.string().nullable(),
    country: z.string().nullable(),
    locale: z.string().nullable(),
    time_zone: z.string(),
    metadata: shownMetadata,
    created_at: shownInstant,
  })
  .meta({ id: 'Customer' });
