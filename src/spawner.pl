# Starts programs for the runner: to fork this small process costs a fraction of what it costs to fork Node's. A fork that waits for
# what it is to become is always at hand. src/spawner.ts is the other side, and says what is written where. Ends when its stdin ends.
use strict;
use warnings;

# The numbers of two system calls, which Perl itself does not know: setsid, pidfd_open.
my ($setsid, $pidfd_open) = @ARGV;

# By id: pid, whether it has ended and how, and the pipes that are still open.
my %running;
# By the number of a file: what is done when there is something to read in it.
my %on;
my $watched = '';
my $spare;

# A program may end before it has read what it is given.
$SIG{PIPE} = 'IGNORE';
defined(my $pidfd = open_pidfd($$)) or exit 1;
close $pidfd;
%ENV = strings(take(\*STDIN, length_of(\*STDIN)));
report('ready', 0, '');

for (;;) {
    $spare //= prefork();
    vec(my $ready = $watched, 0, 1) = 1;
    select($ready, undef, undef, undef) > 0 or exit 1;
    # What is new comes last: a file that it opens may get the number of one that was closed in this turn.
    for my $number (sort { $a <=> $b } keys %on) {
        $on{$number}->() if vec($ready, $number, 1) && $on{$number};
    }
    obey() if vec($ready, 0, 1);
}

sub obey {
    my ($kind, $id) = unpack('a N', take(\*STDIN, 5));
    my $what = take(\*STDIN, length_of(\*STDIN));
    if ($kind eq 's') { start($id, $what) }
    elsif (my $run = $running{$id}) { forget($run, $_) for keys %{ $run->{pipes} } }
}

# A process that becomes a program as soon as it is told which.
sub prefork {
    my %pipe;
    for my $name (qw(what failed out err)) { pipe($pipe{$name}, $pipe{"$name to"}) or return }
    my $pid = fork // return;
    become(\%pipe) if !$pid;
    close $pipe{$_} for 'what', 'failed to', 'out to', 'err to';
    return {
        pid     => $pid,
        what    => $pipe{'what to'},
        failed  => $pipe{failed},
        pipes   => { out => $pipe{out}, err => $pipe{err} },
    };
}

sub become {
    my ($pipe) = @_;
    syscall($setsid);
    # Its own ends of the pipes of others would keep these open.
    close $_ for map { values %{ $_->{pipes} } } values %running;
    open(STDIN, '<', '/dev/null');
    open(STDOUT, '>&', $pipe->{'out to'});
    close $pipe->{$_} for 'what to', 'failed', 'out', 'out to', 'err';
    my ($apart, $cwd, $file, $variables, @rest) = strings(take($pipe->{what}, length_of($pipe->{what})));
    open(STDERR, '>&', $apart ? $pipe->{'err to'} : \*STDOUT);
    close $pipe->{'err to'};
    my %own = splice @rest, 0, 2 * $variables;
    @ENV{ keys %own } = values %own;
    $SIG{PIPE} = 'DEFAULT';
    no warnings 'exec';
    chdir $cwd and exec { $file } @rest;
    put($pipe->{'failed to'}, pack('N', $! + 0));
    exit 127;
}

sub start {
    my ($id, $what) = @_;
    my $run = $spare // prefork() // return report('failed', $id, pack('N', $! + 0));
    undef $spare;
    # Before anything else: a process that has ended has none.
    my $ended = open_pidfd($run->{pid}) // return report('failed', $id, pack('N', $! + 0));
    report('started', $id, pack('N', $run->{pid}));
    put($run->{what}, pack('N/a*', $what));
    close $run->{what};
    # Closed without a word when it has become another program.
    my $errno = '';
    if (sysread($run->{failed}, $errno, 4)) {
        waitpid $run->{pid}, 0;
        return report('failed', $id, $errno);
    }
    close $run->{failed};
    @$run{qw(id ended)} = ($id, undef);
    $running{$id} = $run;
    close delete $run->{pipes}{err} if !(strings($what))[0];
    my %pipes = %{ $run->{pipes} };
    for my $name (keys %pipes) {
        watch($pipes{$name}, sub {
            my $length = sysread($pipes{$name}, my $piece, 1 << 16);
            $length ? report($name, $id, $piece) : forget($run, $name);
        });
    }
    watch($ended, sub {
        waitpid $run->{pid}, 0;
        $run->{ended} = $?;
        unwatch($ended);
        # What it has started itself may still hold its pipes.
        report('ended', $id, '') if %{ $run->{pipes} };
        settle($run);
    });
}

sub forget {
    my ($run, $name) = @_;
    unwatch(delete $run->{pipes}{$name});
    settle($run);
}

sub settle {
    my ($run) = @_;
    return if !defined $run->{ended} || %{ $run->{pipes} } || !delete $running{ $run->{id} };
    report('over', $run->{id}, pack('N', $run->{ended}));
}

sub watch {
    my ($file, $work) = @_;
    $on{ fileno $file } = $work;
    vec($watched, fileno $file, 1) = 1;
}

sub unwatch {
    my ($file) = @_;
    delete $on{ fileno $file };
    vec($watched, fileno $file, 1) = 0;
    close $file;
}

# Readable when the process has ended.
sub open_pidfd {
    my ($pid) = @_;
    my $number = syscall($pidfd_open, $pid + 0, 0);
    return if $number < 0;
    open(my $file, '<&=', $number) or return;
    return $file;
}

sub report {
    my ($kind, $id, $data) = @_;
    my %letters = (ready => 'y', started => 's', failed => 'f', out => 'o', err => 'e', ended => 'd', over => 'x');
    put(\*STDOUT, pack('a N N/a*', $letters{$kind}, $id, $data)) or exit 1;
}

sub put {
    my ($file, $bytes) = @_;
    for (my $at = 0; $at < length $bytes;) { $at += syswrite($file, $bytes, length($bytes) - $at, $at) // return 0 }
    return 1;
}

# Its other end is closed when the runner is gone.
sub take {
    my ($file, $length) = @_;
    my $bytes = '';
    while (length $bytes < $length) { sysread($file, $bytes, $length - length $bytes, length $bytes) or exit 0 }
    return $bytes;
}

sub length_of { return unpack('N', take($_[0], 4)) }

sub strings { return unpack('(N/a*)*', $_[0]) }
