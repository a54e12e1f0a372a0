import { z } from 'zod';
import { fileSchema } from '../config';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Makes the JSON Schema of `spillway.yaml` for editors, as the file is before overrides are merged. */
export function fileJsonSchema(): JsonSchema {
  // Without this, values that are transformed when read would lose their examples.
  const schema = z.toJSONSchema(fileSchema, {
    io: 'input',
    target: 'draft-07',
    override: ({ zodSchema, jsonSchema }) => {
      const examples = z.globalRegistry.get(zodSchema)?.examples;
      if (examples) jsonSchema.examples = examples as never;
    },
  });
  const properties = schema.properties as Record<string, JsonSchema>;
  const settings = without(properties, 'environments', 'version', 'app');
  const override = partial({ type: 'object', properties: settings, additionalProperties: false });
  return {
    ...schema,
    title: 'spillway.yaml',
    properties: {
      ...properties,
      environments: { ...properties.environments, additionalProperties: { anyOf: [override, { type: 'null' }] } },
    },
    // YAML anchors may be defined there.
    patternProperties: { '^x-': {} },
    // The services may come from an environment.
    required: ['version', 'app'],
  } as JsonSchema;
}

/** Makes every key optional, because the base may have it. Lists and secrets are replaced as a whole. */
function partial(schema: JsonSchema): JsonSchema {
  if (schema.title === 'secret') return schema;
  const { properties, additionalProperties } = schema;
  const branches = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  return {
    ...without(schema, 'required', 'default', 'anyOf', 'oneOf'),
    // Several alternatives may fit once no key is required.
    ...(branches && { anyOf: branches.map(partial) }),
    ...(properties && { properties: mapped(properties as Record<string, JsonSchema>) }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: partial(additionalProperties as JsonSchema),
    }),
  } as JsonSchema;
}

function mapped(properties: Record<string, JsonSchema>): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, partial(schema)]));
}

function without<T extends object>(all: T, ...keys: string[]): T {
  return Object.fromEntries(Object.entries(all).filter(([key]) => !keys.includes(key))) as T;
}
