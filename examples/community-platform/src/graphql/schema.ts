import { makeExecutableSchema } from '@graphql-tools/schema';
import { resolvers } from './resolvers';

export const typeDefs = /* GraphQL */ `
  enum TrustTier {
    new
    basic
    trusted
    veteran
  }

  enum Level {
    low
    balanced
    high
  }

  type Trust {
    score: Int!
    tier: TrustTier!
  }

  type Dimension {
    dimension: String!
    score: Int!
    level: Level!
  }

  type Member {
    id: ID!
    displayName: String!
    bio: String
    interests: [String!]!
    memberSince: String!
    "Only on your own profile."
    email: String
    trust: Trust!
  }

  type Community {
    id: ID!
    slug: String!
    name: String!
    description: String
    isPrivate: Boolean!
  }

  type CommunityPage {
    items: [Community!]!
    nextCursor: String
  }

  type Suggestion {
    member: Member!
    score: Float!
    sharedInterests: [String!]!
  }

  type Notification {
    id: ID!
    kind: NotificationKind!
    payload: String!
    read: Boolean!
  }

  enum NotificationKind {
    message
    match
    join_request
    membership
    moderation
  }

  "Hours of the day (UTC); leave both out to be reachable at any time."
  input PreferencesInput {
    mutedKinds: [NotificationKind!]!
    quietFrom: Int
    quietUntil: Int
  }

  input ProfileInput {
    displayName: String
    bio: String
    interests: [String!]
  }

  type Query {
    me: Member!
    member(id: ID!): Member
    communities(limit: Int = 20, cursor: String): CommunityPage!
    suggestions(limit: Int = 10): [Suggestion!]!
    notifications(unreadOnly: Boolean = false): [Notification!]!
    dimensions: [Dimension!]!
  }

  type Mutation {
    updateProfile(input: ProfileInput!): Member!
    joinCommunity(id: ID!): String!
    markNotificationsRead(id: ID): Int!
    setPreferences(input: PreferencesInput!): Boolean!
  }
`;

export const schema = makeExecutableSchema({ typeDefs, resolvers });
