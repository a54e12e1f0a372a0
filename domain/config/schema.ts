import { z } from 'zod';
import { fileSchema } from '../config';

/** A JSON Schema, as far as the configuration makes use of it. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The JSON Schema of `spillway.yaml`, for editors: what may stand in the file, before overrides are merged. */
export function fileJsonSchema(): JsonSchema {
  // What is transformed when it is read loses its examples otherwise, as they might be of the result.
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
    // A place for anchors.
    patternProperties: { '^x-': {} },
    // Environments may bring the services.
    required: ['version', 'app'],
  } as JsonSchema;
}

/** The same where nothing is needed, because the base may have it. Lists and secrets are replaced as a whole. */
function partial(schema: JsonSchema): JsonSchema {
  if (schema.title === 'secret') return schema;
  const { properties, additionalProperties } = schema;
  const branches = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  return {
    ...without(schema, 'required', 'default', 'anyOf', 'oneOf'),
    // Without what is needed, several branches may fit.
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
