/**
 * @file The program, in Request Tracker's own language, that writes the content into an empty database through its own
 * code.
 */

/** Reads `content.json` in the folder that it runs in. */
export const FILL = String.raw`use strict; use warnings;
use lib "/usr/share/request-tracker5/lib";
use RT; use JSON ();
RT::LoadConfig(); RT::Init();
open(my $in, "<:raw", "content.json") or die "content.json: $!";
my $content = JSON->new->utf8->decode(do { local $/; <$in> });
my $system = RT->SystemUser;
sub made { my ($id, $why, $what) = @_; die "$what: " . ($why // "") . "\n" unless $id; return $id }

# No mail: nothing of this desk leaves the machine.
my $scrips = RT::Scrips->new($system); $scrips->UnLimit;
while (my $scrip = $scrips->Next) {
  my $action = $scrip->ActionObj->Name // "";
  made($scrip->SetDisabled(1), $action) if $action =~ /^(?:Notify|Autoreply)/;
}

my $general = RT::Queue->new($system); $general->Load("General"); $general->SetDisabled(1);
for my $name (sort keys %{ $content->{queues} }) {
  made(RT::Queue->new($system)->Create(Name => $name, Description => $content->{queues}{$name}), $name);
}
my $branch = RT::CustomField->new($system);
made($branch->Create(Name => "Branch", Type => "SelectSingle", RenderType => "Dropdown", LookupType => "RT::Queue-RT::Ticket"), "Branch");
made($branch->AddToObject(RT::Queue->new($system)), "Branch everywhere");
made($branch->AddValue(Name => $_), $_) for @{ $content->{branches} };

my %user;
for my $given (@{ $content->{staff} }, @{ $content->{members} }) {
  my $user = $user{ $given->{id} } = RT::User->new($system);
  made($user->Create(Name => $given->{id}, RealName => $given->{name}, EmailAddress => $given->{email} // "$given->{id}\@larkmoor.example",
    Password => $content->{password}, Privileged => $given->{email} ? 0 : 1), $given->{id});
}
my $desk = RT::Group->new($system);
made($desk->CreateUserDefinedGroup(Name => "Desk", Description => "All who answer"), "Desk");
made($desk->AddMember($user{ $_->{id} }->PrincipalId), $_->{id}) for @{ $content->{staff} };
made($desk->PrincipalObj->GrantRight(Right => $_, Object => $RT::System), $_) for qw(SeeQueue ShowTicket ShowTicketComments
  CreateTicket ReplyToTicket CommentOnTicket ModifyTicket OwnTicket TakeTicket StealTicket ReassignTicket SeeCustomField
  ModifyCustomField SetInitialCustomField SeeGroup ShowUserHistory ModifySelf);
for my $role (["Everyone", "CreateTicket"], ["Everyone", "SeeQueue"], ["Requestor", "ShowTicket"], ["Requestor", "ReplyToTicket"]) {
  my $group = RT::Group->new($system);
  $role->[0] eq "Everyone" ? $group->LoadSystemInternalGroup("Everyone") : $group->LoadRoleGroup(Object => $RT::System, Name => "Requestor");
  made($group->PrincipalObj->GrantRight(Right => $role->[1], Object => $RT::System), "@$role");
}

for my $given (@{ $content->{tickets} }) {
  my $by = $user{ $given->{from} };
  my $ticket = RT::Ticket->new($system);
  made($ticket->Create(Queue => $given->{queue}, Subject => $given->{subject}, Requestor => [$by->EmailAddress],
    Owner => $given->{owner} // "Nobody", Priority => $given->{priority}, "CustomField-" . $branch->id => $given->{branch},
    MIMEObj => MIME::Entity->build(Type => "text/plain", Charset => "UTF-8", Data => Encode::encode("UTF-8", $given->{text}))), $given->{subject});
  for my $reply (@{ $given->{replies} }) {
    my $said = RT::Ticket->new(RT::CurrentUser->new($user{ $reply->[0] }->id)); $said->Load($ticket->id);
    made($said->Correspond(Content => $reply->[1]), $given->{subject});
  }
  $ticket->Load($ticket->id);
  made($ticket->SetStatus($given->{status}), $given->{subject}) if $ticket->Status ne $given->{status};
}
# Who wrote it first: the member, not the system.
my $dbh = $RT::Handle->dbh;
$dbh->do("UPDATE Transactions SET Creator = (SELECT id FROM Users WHERE Name = ?) WHERE Type = 'Create' AND ObjectType = 'RT::Ticket' AND ObjectId = ?",
  undef, $content->{tickets}[$_]{from}, $_ + 1) for 0 .. $#{ $content->{tickets} };
# As if it had been long ago, and always the same.
$dbh->do("UPDATE Tickets SET Created = datetime('2026-03-01 08:00:00', '+' || id || ' hours'), LastUpdated = datetime('2026-03-05 08:00:00', '+' || id || ' hours')");
$dbh->do("UPDATE Transactions SET Created = datetime('2026-03-01 08:00:00', '+' || ObjectId || ' hours', '+' || id || ' seconds')");
`;
