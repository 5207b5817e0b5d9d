import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('users', (table) => {
    table.uuid('id').primary().defaultTo(knex.raw('gen_random_uuid()'));
    table.string('email', 254).notNullable().unique();
    table.text('password_hash').notNullable();
    table.string('display_name', 50).notNullable();
    table.string('bio', 500);
    table.enum('role', ['member', 'moderator', 'admin']).notNullable().defaultTo('member');
    table.enum('status', ['active', 'suspended', 'deleted']).notNullable().defaultTo('active');
    table.jsonb('interests').notNullable().defaultTo('[]');
    table.timestamp('email_verified_at');
    table.timestamp('last_seen_at');
    table.timestamps(true, true);
  });

  await knex.schema.createTable('blocks', (table) => {
    table.uuid('blocker_id').notNullable().references('users.id').onDelete('CASCADE');
    table.uuid('blocked_id').notNullable().references('users.id').onDelete('CASCADE');
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
    table.primary(['blocker_id', 'blocked_id']);
  });

  await knex.schema.createTable('trust_events', (table) => {
    table.uuid('id').primary().defaultTo(knex.raw('gen_random_uuid()'));
    table.uuid('user_id').notNullable().references('users.id').onDelete('CASCADE').index();
    table.uuid('actor_id').references('users.id').onDelete('SET NULL').index();
    table.string('kind', 40).notNullable();
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('trust_events');
  await knex.schema.dropTable('blocks');
  await knex.schema.dropTable('users');
}
