// Bare UDP over a province's network in ns-3: the yardstick for the emulation's speed.
//
//   ns3_udp FILE SECONDS [static|nix] [ns-3 scheduler] [SCHEDULE [ARRIVALS]]
//
// FILE is written by bench/yardstick.py, one record a line:
//   nodes COUNT
//   link NODE NODE ADDRESS ADDRESS RATE_BPS DELAY_NS QUEUE_PACKETS     (every link is a /30)
//   route NODE NETWORK VIA_ADDRESS LINK                                (LINK: number of the link)
//   flow FROM_NODE TO_NODE TO_ADDRESS START_NS INTERVAL_NS BYTES       (BYTES: UDP payload)
//   packets FROM_NODE TO_NODE TO_ADDRESS COUNT                         (the next COUNT of SCHEDULE)
// SCHEDULE holds pairs of 64-bit integers: when a packet is sent, in ns, and its UDP payload.
// ARRIVALS is written: for each packet of SCHEDULE the time at which it came, in ns, or -1.
// Prints one JSON object. Nothing is traced or captured, and devices queue by themselves (no
// traffic-control layer), so that ns-3 does as little work a packet as it can.

#include "ns3/applications-module.h"
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/nix-vector-routing-module.h"
#include "ns3/point-to-point-module.h"

#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace ns3;

static uint64_t g_sent = 0;
static uint64_t g_received = 0;

/** Sends packets of one size at a fixed interval. */
class Sender : public Application
{
  public:
    void Setup(Ipv4Address to, uint16_t port, Time interval, uint32_t bytes)
    {
        m_to = InetSocketAddress(to, port);
        m_interval = interval;
        m_bytes = bytes;
    }

  private:
    void StartApplication() override
    {
        m_socket = Socket::CreateSocket(GetNode(), UdpSocketFactory::GetTypeId());
        m_socket->Bind();
        m_socket->Connect(m_to);
        m_socket->ShutdownRecv();
        Send();
    }

    void StopApplication() override
    {
        m_next.Cancel();
        m_socket->Close();
    }

    void Send()
    {
        m_socket->Send(Create<Packet>(m_bytes));
        ++g_sent;
        m_next = Simulator::Schedule(m_interval, &Sender::Send, this);
    }

    InetSocketAddress m_to{Ipv4Address(), 0};
    Time m_interval;
    uint32_t m_bytes{0};
    Ptr<Socket> m_socket;
    EventId m_next;
};

static std::vector<int64_t> g_schedule;
static std::vector<int64_t> g_arrivals;   // empty: nobody asks
static std::vector<uint64_t> g_packet_of; // uid of a packet → its number in the schedule

/** Sends the packets of a schedule, from number `first` on. */
class Scheduled : public Application
{
  public:
    void Setup(Ipv4Address to, uint16_t port, uint64_t first, uint64_t count)
    {
        m_to = InetSocketAddress(to, port);
        m_next = first;
        m_end = first + count;
    }

  private:
    void StartApplication() override
    {
        m_socket = Socket::CreateSocket(GetNode(), UdpSocketFactory::GetTypeId());
        m_socket->Bind();
        m_socket->Connect(m_to);
        m_socket->ShutdownRecv();
        Wait();
    }

    void Wait()
    {
        if (m_next < m_end)
        {
            const Time due = NanoSeconds(g_schedule[2 * m_next]);
            Simulator::Schedule(due - Simulator::Now(), &Scheduled::Send, this);
        }
    }

    void Send()
    {
        Ptr<Packet> packet = Create<Packet>(g_schedule[2 * m_next + 1]);
        if (!g_arrivals.empty())
        {
            g_packet_of.resize(packet->GetUid() + 1);
            g_packet_of[packet->GetUid()] = m_next;
        }
        m_socket->Send(packet);
        ++g_sent;
        ++m_next;
        Wait();
    }

    InetSocketAddress m_to{Ipv4Address(), 0};
    uint64_t m_next{0};
    uint64_t m_end{0};
    Ptr<Socket> m_socket;
};

static void
ReceiveScheduled(Ptr<Socket> socket)
{
    while (Ptr<Packet> packet = socket->Recv())
    {
        ++g_received;
        if (!g_arrivals.empty())
        {
            g_arrivals[g_packet_of[packet->GetUid()]] = Simulator::Now().GetNanoSeconds();
        }
    }
}

static void
Receive(Ptr<Socket> socket)
{
    while (socket->Recv())
    {
        ++g_received;
    }
}

static void
Fail(const std::string& what)
{
    std::cerr << "ns3_udp: " << what << std::endl;
    std::exit(2);
}

/** One end of a link: an IPv4 interface without a queueing discipline. Returns its index. */
static uint32_t
AddInterface(Ptr<NetDevice> device, const std::string& address)
{
    Ptr<Ipv4> ipv4 = device->GetNode()->GetObject<Ipv4>();
    uint32_t index = ipv4->AddInterface(device);
    ipv4->AddAddress(index,
                     Ipv4InterfaceAddress(Ipv4Address(address.c_str()), Ipv4Mask("/30")));
    ipv4->SetMetric(index, 1);
    ipv4->SetUp(index);
    return index;
}

int
main(int argc, char* argv[])
{
    if (argc < 3)
    {
        Fail("usage: ns3_udp FILE SECONDS [static|nix] [scheduler] [SCHEDULE [ARRIVALS]]");
    }
    std::ifstream file(argv[1]);
    const double seconds = std::stod(argv[2]);
    const bool nix = argc > 3 && std::string(argv[3]) == "nix";
    if (argc > 4)
    {
        GlobalValue::Bind("SchedulerType", StringValue(argv[4]));
    }
    if (argc > 5)
    {
        std::ifstream schedule(argv[5], std::ios::binary | std::ios::ate);
        g_schedule.resize(static_cast<size_t>(schedule.tellg()) / sizeof(int64_t));
        schedule.seekg(0);
        schedule.read(reinterpret_cast<char*>(g_schedule.data()),
                      static_cast<std::streamsize>(g_schedule.size() * sizeof(int64_t)));
        g_arrivals.assign(argc > 6 ? g_schedule.size() / 2 : 0, -1);
    }
    uint64_t scheduled = 0;
    const auto begun = std::chrono::steady_clock::now();
    NodeContainer nodes;
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> interfaces; // (node, link) → index
    Ipv4StaticRoutingHelper routing;
    uint32_t links = 0;
    uint16_t port = 10000;
    std::string line;
    while (std::getline(file, line))
    {
        std::istringstream words(line);
        std::string what;
        words >> what;
        if (what == "nodes")
        {
            uint32_t count;
            words >> count;
            nodes.Create(count);
            InternetStackHelper stack;
            stack.SetIpv6StackInstall(false);
            if (nix)
            {
                stack.SetRoutingHelper(Ipv4NixVectorHelper());
            }
            else
            {
                stack.SetRoutingHelper(routing);
            }
            stack.Install(nodes);
        }
        else if (what == "link")
        {
            uint32_t a;
            uint32_t b;
            std::string addressA;
            std::string addressB;
            uint64_t rate;
            uint64_t delay;
            uint32_t queue;
            words >> a >> b >> addressA >> addressB >> rate >> delay >> queue;
            PointToPointHelper pair;
            pair.SetDeviceAttribute("DataRate", DataRateValue(DataRate(rate)));
            pair.SetChannelAttribute("Delay", TimeValue(NanoSeconds(delay)));
            pair.SetQueue("ns3::DropTailQueue<Packet>",
                          "MaxSize",
                          QueueSizeValue(QueueSize(QueueSizeUnit::PACKETS, queue)));
            pair.DisableFlowControl();
            NetDeviceContainer devices = pair.Install(nodes.Get(a), nodes.Get(b));
            interfaces[{a, links}] = AddInterface(devices.Get(0), addressA);
            interfaces[{b, links}] = AddInterface(devices.Get(1), addressB);
            ++links;
        }
        else if (what == "route")
        {
            uint32_t node;
            uint32_t link;
            std::string network;
            std::string via;
            words >> node >> network >> via >> link;
            if (!nix)
            {
                Ptr<Ipv4StaticRouting> table =
                    routing.GetStaticRouting(nodes.Get(node)->GetObject<Ipv4>());
                table->AddNetworkRouteTo(Ipv4Address(network.c_str()),
                                         Ipv4Mask("/30"),
                                         Ipv4Address(via.c_str()),
                                         interfaces.at({node, link}));
            }
        }
        else if (what == "flow")
        {
            uint32_t from;
            uint32_t to;
            std::string address;
            uint64_t start;
            uint64_t interval;
            uint32_t bytes;
            words >> from >> to >> address >> start >> interval >> bytes;
            Ptr<Socket> sink = Socket::CreateSocket(nodes.Get(to), UdpSocketFactory::GetTypeId());
            sink->Bind(InetSocketAddress(Ipv4Address::GetAny(), port));
            sink->SetRecvCallback(MakeCallback(&Receive));
            Ptr<Sender> sender = CreateObject<Sender>();
            sender->Setup(Ipv4Address(address.c_str()), port, NanoSeconds(interval), bytes);
            sender->SetStartTime(NanoSeconds(start));
            sender->SetStopTime(Seconds(seconds));
            nodes.Get(from)->AddApplication(sender);
            ++port;
        }
        else if (what == "packets")
        {
            uint32_t from;
            uint32_t to;
            std::string address;
            uint64_t count;
            words >> from >> to >> address >> count;
            if (2 * (scheduled + count) > g_schedule.size())
            {
                Fail("more packets than the schedule holds: " + line);
            }
            Ptr<Socket> sink = Socket::CreateSocket(nodes.Get(to), UdpSocketFactory::GetTypeId());
            sink->Bind(InetSocketAddress(Ipv4Address::GetAny(), port));
            sink->SetRecvCallback(MakeCallback(&ReceiveScheduled));
            Ptr<Scheduled> sender = CreateObject<Scheduled>();
            sender->Setup(Ipv4Address(address.c_str()), port, scheduled, count);
            sender->SetStartTime(Seconds(0));
            nodes.Get(from)->AddApplication(sender);
            scheduled += count;
            ++port;
        }
        else if (!what.empty())
        {
            Fail("unknown record: " + line);
        }
        if (words.fail())
        {
            Fail("bad record: " + line);
        }
    }
    Simulator::Stop(Seconds(seconds + 1.0)); // the last packets arrive
    const auto ready = std::chrono::steady_clock::now();
    const auto cpu = std::clock();
    Simulator::Run();
    const double cpuSeconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
    const auto done = std::chrono::steady_clock::now();
    const auto events = Simulator::GetEventCount();
    if (!g_arrivals.empty())
    {
        std::ofstream arrivals(argv[6], std::ios::binary);
        arrivals.write(reinterpret_cast<const char*>(g_arrivals.data()),
                       static_cast<std::streamsize>(g_arrivals.size() * sizeof(int64_t)));
    }
    const auto elapsed = [](auto from, auto to) {
        return std::chrono::duration<double>(to - from).count();
    };
    std::cout << "{\"build_s\": " << elapsed(begun, ready) << ", \"run_s\": "
              << elapsed(ready, done) << ", \"cpu_s\": " << cpuSeconds << ", \"sent\": " << g_sent << ", \"received\": "
              << g_received << ", \"events\": " << events << "}" << std::endl;
    Simulator::Destroy();
    return 0;
}
