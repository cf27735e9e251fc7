"""What people may write, read and checked: scenarios, their faults and meetings, projects."""
