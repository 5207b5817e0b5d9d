import type { Knex } from 'knex';

// Lists are paged by `created_at`. Page cursors carry milliseconds, so these columns hold no more.

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('matches', (table) => {
    table.uuid('id').primary().defaultTo(knex.raw('gen_random_uuid()'));
    table.uuid('user_id').notNullable().references('users.id').onDelete('CASCADE');
    table.uuid('candidate_id').notNullable().references('users.id').onDelete('CASCADE');
    table.enum('status', ['accepted', 'declined', 'connected']).notNullable();
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
    table.unique(['user_id', 'candidate_id']);
  });

  await knex.schema.createTable('messages', (table) => {
    table.uuid('id').primary().defaultTo(knex.raw('gen_random_uuid()'));
    table.uuid('sender_id').notNullable().references('users.id');
    table.uuid('recipient_id').notNullable().references('users.id');
    table.text('body').notNullable();
    table.boolean('flagged').notNullable().defaultTo(false);
    table.timestamp('read_at');
    table.timestamp('deleted_at');
    table.timestamp('created_at', { precision: 3 }).notNullable().defaultTo(knex.fn.now());
    table.index(['sender_id', 'recipient_id', 'created_at']);
  });

  await knex.schema.createTable('notifications', (table) => {
    table.uuid('id').primary().defaultTo(knex.raw('gen_random_uuid()'));
    table.uuid('user_id').notNullable().references('users.id').onDelete('CASCADE');
    table.string('kind', 40).notNullable();
    table.jsonb('payload').notNullable();
    table.timestamp('read_at');
    table.timestamp('created_at', { precision: 3 }).notNullable().defaultTo(knex.fn.now());
    table.index(['user_id', 'created_at']);
  });

  await knex.schema.createTable('notification_preferences', (table) => {
    table.uuid('user_id').primary().references('users.id').onDelete('CASCADE');
    table.jsonb('muted_kinds').notNullable().defaultTo('[]');
    table.smallint('quiet_from');
    table.smallint('quiet_until');
  });

  await knex.schema.createTable('reports', (table) => {
    table.uuid('id').primary().defaultTo(knex.raw('gen_random_uuid()'));
    table.uuid('reporter_id').notNullable().references('users.id');
    table.enum('subject_type', ['message', 'user', 'community']).notNullable();
    table.uuid('subject_id').notNullable();
    table.uuid('accused_id').notNullable().references('users.id').index();
    table.string('reason', 1000).notNullable();
    table.enum('status', ['open', 'upheld', 'dismissed']).notNullable().defaultTo('open');
    table.uuid('resolved_by').references('users.id');
    table.timestamp('resolved_at');
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
  });
}

export async function down(knex: Knex): Promise<void> {
  for (const table of [
    'reports',
    'notification_preferences',
    'notifications',
    'messages',
    'matches',
  ]) {
    await knex.schema.dropTable(table);
  }
}
