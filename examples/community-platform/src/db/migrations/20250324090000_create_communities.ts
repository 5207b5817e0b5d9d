import type { Knex } from 'knex';

// Lists are paged by `created_at`. Page cursors carry milliseconds, so these columns hold no more.

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('communities', (table) => {
    table.uuid('id').primary().defaultTo(knex.raw('gen_random_uuid()'));
    table.string('slug', 80).notNullable().unique();
    table.string('name', 80).notNullable();
    table.string('description', 1000);
    table.enum('visibility', ['public', 'private']).notNullable();
    table.enum('join_policy', ['open', 'approval', 'invite']).notNullable();
    table.integer('member_limit');
    table.uuid('owner_id').notNullable().references('users.id');
    table.timestamp('created_at', { precision: 3 }).notNullable().defaultTo(knex.fn.now());
    table.index(['created_at', 'id']);
  });

  await knex.schema.createTable('memberships', (table) => {
    table.uuid('community_id').notNullable().references('communities.id').onDelete('CASCADE');
    table.uuid('user_id').notNullable().references('users.id').onDelete('CASCADE');
    table.enum('role', ['owner', 'moderator', 'member']).notNullable();
    table.enum('status', ['active', 'pending', 'banned']).notNullable();
    table.timestamp('joined_at').notNullable().defaultTo(knex.fn.now());
    table.primary(['community_id', 'user_id']);
  });

  await knex.schema.createTable('assessments', (table) => {
    table.uuid('id').primary().defaultTo(knex.raw('gen_random_uuid()'));
    table.string('title', 120).notNullable();
    table.enum('kind', ['personality', 'skills', 'values']).notNullable();
    table.jsonb('questions').notNullable();
    table.uuid('author_id').notNullable().references('users.id');
    table.timestamp('published_at');
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
  });

  await knex.schema.createTable('assessment_results', (table) => {
    table.uuid('id').primary().defaultTo(knex.raw('gen_random_uuid()'));
    table.uuid('assessment_id').notNullable().references('assessments.id').onDelete('CASCADE');
    table.uuid('user_id').notNullable().references('users.id').onDelete('CASCADE');
    table.jsonb('answers').notNullable();
    table.jsonb('scores').notNullable();
    table.timestamp('completed_at').notNullable().defaultTo(knex.fn.now());
    table.index(['user_id', 'completed_at']);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('assessment_results');
  await knex.schema.dropTable('assessments');
  await knex.schema.dropTable('memberships');
  await knex.schema.dropTable('communities');
}
