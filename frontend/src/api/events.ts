/* The product's events. Generated: `manage.py events`, which `make clients` runs. */

export type EventPayloads = {
  "deployment.changed": {
    version: 1;
    sequence?: number;
    id: string;
    state: string;
    step: string | null;
    step_state: string | null;
    message: string;
  };
  "release.changed": {
    version: 1;
    sequence?: number;
    id: string;
    state: string;
    number: string;
  };
  "job.changed": {
    version: 1;
    sequence?: number;
    id: string;
    job: string;
    state: string;
    progress: number;
    message: string;
    problem: Record<string, unknown> | null;
    parent: string | null;
  };
  "webhook.attempted": {
    version: 1;
    sequence?: number;
    endpoint_id: string;
    delivery_id: string;
    state: string;
  };
  "channel_webhook.attempted": {
    version: 1;
    sequence?: number;
    webhook_id: string;
    delivery_id: string;
    state: string;
  };
  "notice": {
    version: 1;
    sequence?: number;
    level: string;
    text: string;
    url: string;
  };
};

export type EventName = keyof EventPayloads;

/** In place of a payload that is too large to send: where it is to be had. */
export type EventReference = {
  version: number;
  sequence: number;
  reference: string;
};

export const CHANNEL_PATTERNS: Record<EventName, readonly string[]> = {
  "deployment.changed": ["private-w-{schema_name}.deployment.{id}", "private-w-{schema_name}.deployments"],
  "release.changed": ["private-w-{schema_name}.release.{id}", "private-w-{schema_name}.releases"],
  "job.changed": ["private-user-{actor_id}", "private-w-{schema_name}.job.{id}", "private-w-{schema_name}.jobs"],
  "webhook.attempted": ["private-w-{schema_name}.webhook.{endpoint_id}"],
  "channel_webhook.attempted": ["private-w-{schema_name}.channelwebhook.{webhook_id}"],
  "notice": ["private-user-{user_id}", "private-w-{schema_name}"],
};
